[[ a ]] && echo 1; [[ "" ]] || echo 2; [[ ! "" ]] && echo 3
[[ a && b || c ]] && echo 4; [[ ( a || "" ) && ! ( "" ) ]] && echo 5
x='a b'; [[ $x == a\ b && $x == "a b" && $x != a ]] && echo 6
[[ 10 -gt 9 && 010 -eq 8 && 1+1 -eq 2 && x -eq x ]] 2>/dev/null; echo $?
[[ b > a && ! a > b && 10 < 9 ]] && echo 7
[[ -z $undefined && -n $x && -v x && ! -v undefined ]] && echo 8
[[ a == [[:alpha:]] && '*' == "*" && ab != "a*" && ab == a* ]] && echo 9
