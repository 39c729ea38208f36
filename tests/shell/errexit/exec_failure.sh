set -e
x=0
((x++)) || true
echo $x
((x--)) && echo nonzero
echo $x
((x))
echo not reached
