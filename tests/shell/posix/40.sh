set -o posix
echo 'echo dot $1' > s; . ./s a; . s; echo no
