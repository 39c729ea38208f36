show() { printf '<%s>' "$@"; echo; }
IFS=é
v=aébécé
show $v
set -- 1 2 3
echo "$*"
