set -e
trap 'echo exit $?' EXIT
f() { echo $(false); g; }
g() { return 3; }
f
