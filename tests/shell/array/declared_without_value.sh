declare -a a; declare -A m
declare -p a m
echo "${a-unset} ${#a[@]} ${m[x]-none}"
a+=(1); declare -p a
f() { local -a l; declare -p l; l[3]=x; declare -p l; }
f
