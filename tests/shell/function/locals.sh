x=global
f() { local x=f; g; echo "f $x"; }
g() { echo "g sees $x"; x=changed; }
f; echo $x
h() { local a=1 b c=3; b=2; echo $a $b $c; }; h; echo "${a-unset}"
k() { local x; echo "<${x-unset}>"; x=5; }; k; echo $x
