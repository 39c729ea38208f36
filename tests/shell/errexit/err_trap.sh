trap 'echo "ERR $?"' ERR
false
true && false
false || true
if false; then :; fi
f() { false; }
f
(exit 3)
echo done
