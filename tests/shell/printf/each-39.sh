printf -v 1x a; echo $?
