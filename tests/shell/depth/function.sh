# oracle: none
f() { f; }
f
echo "not reached"
