set -euxo pipefail
foo=${1:-x}
false | true
echo no
