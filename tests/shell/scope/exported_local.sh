export v=outside
f() { local v=inside; env | grep '^v='; declare -p v; }
f
env | grep '^v='
