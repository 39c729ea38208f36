f() { local a=1; local b=$a c="$a$a"; echo $b $c; local; } ; f | head -1
g() { local x=${1:-d} y; y=${x^^}; echo "$x $y"; }; g; g val
h() { local -i n=1+1; local -r k=v; n+=2; echo $n $k; }; h
