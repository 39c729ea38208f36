f() { echo out; echo err >&2; } > f.log 2>&1
f; cat f.log
g() { f; echo g; }; g; cat f.log
