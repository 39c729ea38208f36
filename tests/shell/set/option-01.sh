set -e
f() { false; echo "in f"; }
if f; then echo ok; fi
f || true
f && echo x
! f
echo end
f | cat
echo after pipe
x=$(f)
echo no
