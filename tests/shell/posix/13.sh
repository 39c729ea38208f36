set -o posix
shift 9; echo $?
