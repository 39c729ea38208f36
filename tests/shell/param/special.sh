set -- a 'b c'
echo $# $1 "$2" ${2}
echo "${10-unset}"
set -- 1 2 3 4 5 6 7 8 9 ten eleven
echo $10 ${10} ${11}
shift 9; echo $1 $#
shift 5; echo $? $#
f() { echo "$# $*"; }; f x y
