set -u
a=()
echo "${#a[@]}" "<${a[@]}>"
a[3]=x
echo "${a[3]}"
echo "${a[0]}"
echo not reached
