x=$(printf 'a%.0s' {1..1000}); y=
for i in {1..1000}; do y+=$x; done
echo "${#y}"
z=$(printf %s "$y" | cat | tr a b); echo "${#z} ${z:999999:5}"
printf %s "$y" | while read -r -n 100 l; do echo "${#l}"; break; done
printf '%s\n' "$y" | { read -r l; echo "${#l}"; }
