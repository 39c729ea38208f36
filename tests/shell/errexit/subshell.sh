set -e
(false; echo not reached) || echo recovered
(echo a; false)
echo not reached
