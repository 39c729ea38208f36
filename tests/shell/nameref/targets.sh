x=value arr=(a b c)
declare -A map=([k]=v)
declare -n r=x e='arr[1]' m='map[k]' all='arr[@]'
echo "$r $e $m" "$all"
r=new e=B m=V
declare -p x arr map
