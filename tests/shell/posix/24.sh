set -o posix
f-x() { echo hi; }; f-x
