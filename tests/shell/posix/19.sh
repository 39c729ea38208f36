set -o posix
trap 'x' NOSUCH; echo $?; trap 'echo a' TERM EXIT; trap
