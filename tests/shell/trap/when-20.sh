set -e
trap 'echo err' ERR
f() { return 3; }
f
echo no
