x=abc
echo $\
x "$\
x" ab\
cd 'a\
b' "a\
b"
echo $\
?
echo $((1 + \
2))
(( y = 3 + \
4 )); echo $y
cat <<E
a\
b $\
x
E
