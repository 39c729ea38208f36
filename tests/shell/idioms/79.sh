(set -x; echo traced "a b") 2>&1; set -x; : 2>&1; { set +x; } 2>/dev/null; echo done
