set -o posix
printf 'exit 3' > s; . ./s; echo no
