declare -a a=(1 2)
declare -A a; echo $?
declare -A m=([x]=1)
declare -a m; echo $?
s=text; declare -A s; declare -p s
t=text; t[2]=x; declare -p t
