set -o posix
f() { :; }; set | grep -c '^f'; export z=1; export -p | grep ' z='; readonly q=1; readonly -p | grep ^readonly.q
