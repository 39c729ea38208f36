set -o posix
[ a < b ] 2>/dev/null; echo $?; cd -; echo $?; pwd >/dev/null; x=$(pwd -P); wait 999; echo $?
