set -a
foo=bar
env | grep ^foo
set +a
bar=x
env | grep ^bar
declare -p foo bar
