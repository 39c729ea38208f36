seq 3 | tac
printf 'a\nb\nc' | tac; echo
printf 'a:b:c:' | tac -s :; echo
printf ':a:b:c' | tac -b -s :; echo
printf 'x--y--z' | tac -s --; echo
seq 2 > one; seq 3 4 > two; tac one two; tac - < one; tac missing; echo $?
: | tac; echo empty
printf '\n\na\n' | tac | od -c | head -2
