set -o posix
eval 'echo "'; echo no
