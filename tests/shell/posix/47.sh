set -o posix
getopts; echo $?; read 1a < /dev/null; echo $?; cd /nonexist; echo $?; umask -Z; echo $?; hash nosuch; echo $?; times -x; echo $?
