set -e
false || echo recovered
false || false || true
echo ok
false || false
echo not reached
