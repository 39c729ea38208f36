[[ 'a.c' =~ a\.c ]] && echo 1
[[ abc =~ 'a.c' ]] || echo 2
[[ 'a.c' =~ a"."c ]] && echo 3
p='a.c'; [[ abc =~ $p ]] && echo 4; [[ abc =~ "$p" ]] || echo 5
[[ 'a b' =~ a\ b ]] && echo 6
[[ 'x(y)' =~ \(y\) ]] && echo 7
[[ 'a|b' =~ ^(a\|b)$ ]] && echo "8 ${BASH_REMATCH[1]}"
[[ $'a\nb' =~ a.b ]] && echo 9
[[ 'a]b' =~ []] ]] && echo 10
[[ x-y =~ ^x-[a-z]$ ]] && echo 11
