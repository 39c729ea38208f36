printf '%d\n' abc 2>/dev/null; echo $?
printf '%d %s\n' 12x y 2>/dev/null
printf 2>/dev/null; echo $?
