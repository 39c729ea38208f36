set -e
[[ a == b ]] || echo no match
[[ a == b ]]
echo not reached
