append() { local -n list=$1; shift; list+=("$@"); }
count() { local -n list=$1; echo "${#list[@]}: ${list[*]} ${!list[*]}"; }
things=(x)
append things "y z" w
count things
declare -A m=([a]=1)
add() { local -n map=$1; map[$2]=$3; }
add m b 2
echo "${m[a]} ${m[b]}"
