set -o posix
break; echo $?; for i in 1; do break x; done; echo no
