declare -A m=([a]=1 [b]=2)
m=([a]+=x [c]=3)
declare -p m
m+=([a]+=y [d]=4)
echo "${m[a]} ${m[c]} ${m[d]} ${#m[@]}"
declare -A n=(k1 v1 k2 v2)
echo "${n[k1]} ${n[k2]}"
