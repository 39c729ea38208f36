set -e
false && echo no
echo still here
true && false
echo not reached
