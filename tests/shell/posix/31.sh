set -o posix
echo <(echo a) | wc -l; cat <(echo a)
