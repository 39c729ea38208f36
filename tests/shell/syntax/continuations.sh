echo a &&
echo b
true ||
echo c
echo d |
cat
x=1\
2; echo $x
ec\
ho joined
