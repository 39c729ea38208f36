a=1 b=2 c=3
declare -n v
for v in a b c; do v=$((v * 10)); done
echo $a $b $c
declare -p v
