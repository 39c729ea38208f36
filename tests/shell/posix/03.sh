set -o posix
. nosuchfile; echo no
