declare -A m=([K]=v)
k=K
unset -v 'm[$k]'; echo "${#m[@]}"
m=([x y]=1); unset -v 'm["x y"]'; echo "${#m[@]}"
printf -v 'm[$k]' %s printed; echo "${m[K]}"
read -r 'm[$(echo R)]' <<< line; echo "${m[R]}"
test -v 'm[$k]'; echo $?
[[ -v m[nokey] ]]; echo $?
ref='m[$k]'; echo "${!ref}"
(( m[n] = 5, m[n]++ )); echo "${m[n]} $(( m['n'] + 1 ))"
