set -o posix
set -Z; echo no
