trap foo 99
echo $?
trap 'x' NOSUCH
echo $?
trap - 
echo $?
trap -x
echo $?
trap EXIT
echo $?
trap 'echo bye' EXIT
exec true
