set -e
echo "a $(exit 3) b"
f() { echo "f got $1"; }
f "$(false)"
export v=$(false)
echo "after export"
readonly w=$(false)
echo "after readonly"
