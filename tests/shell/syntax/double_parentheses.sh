((echo a); (echo b))
( (echo c); echo d )
echo $((echo e); (echo f))
echo $( (echo g) )
((x = (1 + 2) * 3)); echo $x
$( (echo echo) ) h
