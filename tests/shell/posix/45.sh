set -o posix
set -u; echo $nope; echo no
