set -o errtrace
trap 'echo "ERR at $LINENO: $BASH_COMMAND -> $?"' ERR
f() {
  ls /nonexistent 2>/dev/null
  return 4
}
f
g() (
  false
)
g
false | true
set -o pipefail
false | true
