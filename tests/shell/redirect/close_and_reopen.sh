exec 3>&1
(echo to three >&3)
exec 3>&-
{ echo lost >&3; } 2>/dev/null; echo $?
echo done 1>&2 2>/dev/null
