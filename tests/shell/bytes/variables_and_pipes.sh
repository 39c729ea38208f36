x=$(printf 'a\377\200b')
echo "${#x}"
printf %s "$x" | od -An -tx1
y="${x:1:2}"; printf %s "$y" | od -An -tx1
printf %s "${x/$'\xff'/Z}" | od -An -tx1
[[ $x == a??b ]] && echo pattern
case $x in *$'\x80'b) echo case;; esac
a=("$x"); printf %s "${a[0]}" | cat | od -An -tx1
printf '%q\n' "$x"
