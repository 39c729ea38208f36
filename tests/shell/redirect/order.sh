f() { echo out; echo err >&2; }
f 2>&1 > file | sed 's/^/pipe /'
cat file
