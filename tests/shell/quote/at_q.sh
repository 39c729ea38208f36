a="it's" b='plain' c=$'tab\t' d=
echo "${a@Q} ${b@Q} ${c@Q} ${d@Q}"
printf '%q ' "$a" "$b" "$c" "$d" 'a b$c'; echo
