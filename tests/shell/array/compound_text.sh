declare -a 'x=(1 "two words" $((1+2)))'
declare -p x
v='(a b)'
declare y=$v; declare -p y
declare -a z=$v; declare -p z
eval w=(one two); echo "${w[1]}"
let "q = 3" r=( 1 + 2 ); echo $q $r
