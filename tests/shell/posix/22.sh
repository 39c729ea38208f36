set -o posix
exit abc; echo no
