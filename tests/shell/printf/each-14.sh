printf '%d\n' ''; echo $?
