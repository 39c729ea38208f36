f() { echo "f $1"; }
function g { echo "g $*"; }
function h() { echo h; }
f 1; g 1 2; h
f() { echo redefined; }; f
unset -f f; f 2>/dev/null; echo $?
k() ( x=inner; echo $x ); x=outer; k; echo $x
