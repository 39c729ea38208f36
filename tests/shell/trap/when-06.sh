trap 'echo return $?' RETURN
f() { echo f; }
f
g() { trap 'echo return-g' RETURN; echo g; }
g
f
echo 'echo sourced' > s.sh
. ./s.sh
set -T
f
declare -ft f
