[[ abc == a* ]] && echo 1
[[ abc == "a*" ]] || echo 2
[[ a < b ]] && echo 3
[[ -z '' && -n x ]] && echo 4
[[ ! a == b || a == c ]] && echo 5
[[ ( a == a && b == c ) || d == d ]] && echo 6
x='a b'; [[ $x == 'a b' ]] && echo 7
[[ -n $unset ]] || echo 8
[[ a ]] && echo 9
p='a*'; [[ abc == $p ]] && echo 10
