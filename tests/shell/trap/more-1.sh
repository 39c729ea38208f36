trap 'echo debug' DEBUG
echo 'echo sourced; f() { echo f; }; f' > s.sh
. ./s.sh
set -T
. ./s.sh
