trap 'echo err' ERR
trap 'echo exit' EXIT
set -e
false
