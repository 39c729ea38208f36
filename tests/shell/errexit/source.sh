cat > lib.sh <<'E'
echo in lib
false
echo lib continues
E
set -e
. ./lib.sh || echo caught
. ./lib.sh
echo not reached
