set -e
x=$(false; echo "goes on")
echo "$x"
shopt -s inherit_errexit
y=$(false; echo "not reached") || echo "status $?"
f() { z=$(exit 9); echo "f goes on"; }
if f; then echo yes; fi
w=$(exit 5)
echo never
