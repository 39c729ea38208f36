set -e
x=1 false || echo ok
x=1 false
echo not reached
