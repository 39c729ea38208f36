f() { echo out; echo err >&2; }
f 2>&1 >/dev/null | sed 's/^/piped: /'
f |& sort
f 2>/dev/null | cat
