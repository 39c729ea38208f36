nosuch1 2>/dev/null; echo $?
(PATH=; cat /dev/null) 2>/dev/null; echo $?
command -v nosuch1; echo $?
type nosuch1 2>/dev/null; echo $?
