set -o posix
test() { echo mytest; }; test; unset -f test
