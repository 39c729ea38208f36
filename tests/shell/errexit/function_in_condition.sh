set -e
f() { echo in f; false; echo still in f; }
if f; then echo yes; fi
f || echo no
f && echo yes
echo now plain
f
echo not reached
