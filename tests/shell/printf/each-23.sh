printf; echo $?
