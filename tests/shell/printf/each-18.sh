printf '%z\n'; echo $?
