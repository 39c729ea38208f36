set -o posix
echo a; eval() { :; }; echo b
