trap 'echo exit $?' EXIT
set -e
f() { return 7; }
f
