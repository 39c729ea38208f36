f() { echo "$1"; }
echo $(( $(f 3) + `f 4` * "5" ))
(( $(f 1) == 1 )) && echo yes
for (( i = $(f 0), j = 10; i < j; i += 3, j-- )); do echo "$i $j"; done
echo $(( (1 + 2) * (3) )) $( (echo sub) ) $((1 > 0))
