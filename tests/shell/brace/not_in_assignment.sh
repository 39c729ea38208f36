x={a,b}; echo $x
echo a={1,2}
for i in {1..3}; do echo -n $i; done; echo
