exec 2>&-; ls /nope; echo $?; nosuch; echo $?; echo x >&2; echo $?
