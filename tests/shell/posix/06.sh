set -o posix
export -Z; echo no
