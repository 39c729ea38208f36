(trap 'echo sub exit' EXIT; exit 4); echo $?
x=$(trap 'echo in subst' EXIT; exit 2); echo "$? $x"
( (exit 9) ); echo $?
