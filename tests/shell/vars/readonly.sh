readonly r=1; echo $r
(r=2) 2>/dev/null; echo $?
(unset r) 2>/dev/null; echo $r
readonly -p | grep ' r='
(readonly q=1; q=2; echo no) 2>/dev/null; echo $?
r=5; echo same line
echo next line
