f() { trap 'echo "st $?"' EXIT; exit 6; }
f
