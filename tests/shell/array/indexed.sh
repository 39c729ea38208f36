a=(zero one two)
a[5]=five
echo "${a[@]}" "${#a[@]}" "${!a[@]}"
a+=(six); echo "${!a[@]}"
unset 'a[1]'; echo "${a[@]}"
a[-1]=last; echo "${a[6]}" "${a[-2]}"
b=([2]=x [0]=y z); echo "${b[@]}" "${!b[@]}"
echo "$a" "${a[0]}"
c=("${a[@]}"); echo ${#c[@]}
a=(); echo "${#a[@]}"
x=scalar; x[1]=one; echo "${x[@]}"
