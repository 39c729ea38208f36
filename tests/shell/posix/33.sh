set -o posix
echo ${x?msg}; echo no
