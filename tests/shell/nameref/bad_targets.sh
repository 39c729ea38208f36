declare -n r='1'; echo $?
declare -n r='a b'; echo $?
declare -n r=; echo $?
declare -n r=r; echo $?
a=(1); declare -n a=x; echo $?
v='#'; declare -n v; echo $?
declare -p v
