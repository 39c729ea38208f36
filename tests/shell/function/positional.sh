set -- a b
f() { echo $# $1; set -- x y z; echo $#; shift; echo $1; }
f q; echo $# $1
