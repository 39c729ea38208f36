x=3; y='x+1'; echo $((y*2)) $((x*x)) $(($x+$x))
unset u; echo $((u+1)) $((u))
a=(1 2 3); echo $((a[1]+a[2])) $((a[0]++)) ${a[0]}
((z=5, w=z*2)); echo $z $w
i=0; while ((i<3)); do ((i++)); done; echo $i
((i==3)) && echo three
echo $(( "3" + 4 )) $((x > 2 ? 10 : 20))
