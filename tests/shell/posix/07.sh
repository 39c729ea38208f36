set -o posix
export 1a=b; echo no $?
