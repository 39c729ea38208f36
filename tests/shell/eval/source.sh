echo 'x=sourced; echo "args $# $1"; return 3; echo no' > lib.sh
. ./lib.sh; echo $? $x
set -- mine; source ./lib.sh a b; echo $? $1
. ./nosuch 2>/dev/null; echo $?
f() { . ./lib.sh; echo "after $?"; }; f
