set -- "a b" c; echo "$1"; set --; echo $#; set a; echo $1; set -x 2>/dev/null; { set +x; } 2>/dev/null; echo $1
