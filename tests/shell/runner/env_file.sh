cat > .env <<'E'
# comment
A=1
B="two words"
export C=3
E
set -a; . ./.env; set +a
env | grep -E '^(A|B|C)=' | sort
while IFS='=' read -r k v; do case $k in ''|\#*) continue;; esac; echo "$k -> $v"; done < .env
