set -E; trap 'echo ERR' ERR
(false; echo in)
x=$(false; echo y); echo $x
f() { false; }
f
f || true
false | cat
cat /nonexist 2>/dev/null | true
