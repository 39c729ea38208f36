trap 'echo err $? $LINENO' ERR
false
(false)
f() { false; echo in f; }
f
set -E
f
false || true
! true
if false; then :; fi
x=$(false)
true | false
[[ a == b ]]
((0))
while false; do :; done
{ false; }
for i in 1; do false; done
