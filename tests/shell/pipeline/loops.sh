seq 1 5 | while read -r n; do echo "n=$n"; done | tail -2
for i in 1 2 3; do echo $i; done | { read a; read b; echo "$a $b"; }
