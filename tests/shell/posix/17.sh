set -o posix
eval 'if'; echo no
