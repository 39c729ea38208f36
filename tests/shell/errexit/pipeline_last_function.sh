set -e
f() { cat > /dev/null; return 3; }
echo x | f
echo not reached
