x=1; declare -n r=x; echo $r; r=2; echo $x; echo ${!r}
f() { local -n out=$1; out=result; }; f res; echo $res
a=(1 2); declare -n ra=a; ra+=(3); echo ${a[@]} ${#ra[@]}
