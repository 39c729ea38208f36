PS4='+ $LINENO: '
set -x
echo a
f() { echo b; }
f
echo $(echo c)
PS4='${FUNCNAME[0]:-main}> '
f

PS4=''
echo q
unset PS4
echo r
