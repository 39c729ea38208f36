eval 'a b | | c' 2>/dev/null; echo $?
eval 'for do' 2>/dev/null; echo $?
eval '; x' 2>/dev/null; echo $?
eval '{ a' 2>/dev/null; echo $?
eval 'case' 2>/dev/null; echo $?
eval 'f() x' 2>/dev/null; echo $?
eval '(( 1' 2>/dev/null; echo $?
eval '[[ a' 2>/dev/null; echo $?
eval 'echo "' 2>/dev/null; echo $?
