exec >&-; echo x; echo $? >&2
