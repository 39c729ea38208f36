x=1; y=$(x=2; echo $x); echo $x $y
i=0; z=$(echo $((i++))); echo $i $z
w=$(echo ${u:=set}); echo "${u-unset}" $w
a=$(cd /; pwd); [ "$PWD" != / ] && echo same; echo $a
