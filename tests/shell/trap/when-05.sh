set -T
trap 'echo debug $BASH_COMMAND' DEBUG
f() { echo in f; return 3; }
f
(echo sub)
x=$(echo y)
