set -o posix
set -o nosuch; echo no $?
