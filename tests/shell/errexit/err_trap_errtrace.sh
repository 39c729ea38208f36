set -E
trap 'echo "ERR $?"' ERR
f() { false; echo in f; }
f
x=$(false)
echo done
