set -o posix
return; echo $?
