printf -x; echo $?
