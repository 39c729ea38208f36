printf '%'; echo $?
