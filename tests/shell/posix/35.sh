set -o posix
echo ${x!y}; echo no
