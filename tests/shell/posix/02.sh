set -o posix
. ./nosuch; echo no
