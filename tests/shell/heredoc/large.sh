x=$(seq 1 20000)
cat <<E | wc -l
$x
E
wc -c <<< "$x"
