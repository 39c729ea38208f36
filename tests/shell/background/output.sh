{ echo a; echo b; } > f & wait; cat f
for i in 1 2 3; do (echo $i > o$i) & done; wait; cat o1 o2 o3
x=$(echo bg & wait); echo $x
