[ a = a ] && echo 1
[ a != b ] && echo 2
[ -n x -a -z '' ] && echo 3
[ -n '' -o x = x ] && echo 4
[ ! -f nosuch ] && echo 5
[ 5 -gt 3 ] && test 2 -le 2 && echo 6
[ ] || echo 7
[ x ] && echo 8
[ '' ] || echo 9
[ \( a = a \) -a \( b = b \) ] && echo 10
[ ! a ] || echo 11
[ = = = ] && echo 12
[ -f = x ]; echo $?
[ a -eq 1 ] 2>/dev/null; echo $?
[ 1 2 3 ] 2>/dev/null; echo $?
[ a b ] 2>/dev/null; echo $?
