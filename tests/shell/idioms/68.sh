set -e; f() { local r=0; false || r=$?; echo "r=$r"; }; f; x=$(f); echo "$x"; g() { return 1; }; g || echo "g failed"; g; echo never
