declare -A m
m[key]=value; m['two words']=v2; m[$((1+1))]=two
echo "${m[key]}" "${m[two words]}" "${m[2]}"
echo "${#m[@]}"
for k in "${!m[@]}"; do echo "$k=${m[$k]}"; done | sort
unset 'm[key]'; echo "${m[key]-gone}"
declare -A n=([a]=1 [b]=2); n+=([c]=3); echo "${n[a]}${n[b]}${n[c]}"
[[ -v n[a] ]] && echo set; [[ -v n[zz] ]] || echo unset
k=b; echo "${n[$k]}"; ((n[b]++)); echo ${n[b]}
