declare -A m=([x]=1)
declare -ai n=(1 2)
declare -r s=1
echo "${m@a} ${m[@]@a} ${n@a} ${n[@]@a} ${s@a} [${none@a}]"
echo "${n[@]@A}"
echo "${s@A}"
