# oracle: none
x=1; i=0; while [ $i -lt 2000 ]; do x="$x+1"; i=$((i+1)); done
(echo $((x))) 2>/dev/null; echo $?
x=$(printf "%2000s" ""); (echo $((${x// /-}1))) 2>/dev/null; echo $?
