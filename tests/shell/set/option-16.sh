set -euxo pipefail
foo=${1:-x}
false | { set +x; } 2>/dev/null
echo no
