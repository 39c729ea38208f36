set -o posix
command . ./nosuch; echo $?; command set -Z; echo $?; command : > /nonexistent/x; echo $?; command export 1a=b; echo $?
