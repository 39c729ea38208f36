set -e
a() { b; echo a continues; }
b() { false; echo b continues; }
a || echo "or branch"
(a); echo not reached
