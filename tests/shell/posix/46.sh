set -o posix
unset -Z; echo no
