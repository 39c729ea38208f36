echo start
x=
(echo "${x:?is empty}"; echo no) 2>/dev/null
echo $?
echo ${x:?message here}
echo not reached
