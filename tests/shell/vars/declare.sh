declare x=1; declare -i n='2+3'; declare -l low=ABC; declare -u up=abc
echo $x $n $low $up
n=n*2; echo $n; low=XyZ; echo $low
f() { declare d=local; declare -g g=global; }; f; echo ${d-unset} $g
declare -a arr; declare -A map; arr[0]=a; map[k]=v; echo ${arr[0]} ${map[k]}
declare -p nosuch 2>/dev/null; echo $?
