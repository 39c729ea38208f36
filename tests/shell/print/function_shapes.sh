g() ( echo sub )
h() if x; then y; fi
k() { echo; } > out 2>&1
l() { case x in esac; }
m() { while :; do if x; then break; fi; done; { :; } ; ( a; b ) ; }
n() { a | { b; c; } | (d; e); x && y; for i in 1; do (z) done; }
o() for x in 1; do :; done
p() { foo() { bar() { :; }; }; }
function q { echo "$@" 'x'; }
for f in g h k l m n o p q; do declare -f $f; done
type q
type -t q
