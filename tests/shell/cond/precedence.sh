[[ a == a || b == c && d == e ]] && echo 1
[[ ! ( a == b ) ]] && echo 2
[[ -n a &&
   -z '' ]] && echo 3
[[ "a b" == *" "* ]] && echo 4
[[ $'x\ny' == *$'\n'* ]] && echo 5
[[ a =~ ^[[:alpha:]]$ ]] && echo 6
x='^[0-9]+$'; [[ 123 =~ $x ]] && [[ ! 12a =~ $x ]] && echo 7
[[ abc == [a-c][!x]? ]] && echo 8
