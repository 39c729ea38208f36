set -e
: < nosuch || echo handled
echo x < nosuch
echo not reached
