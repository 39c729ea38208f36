set -e
nosuch || echo handled
nosuch
echo not reached
