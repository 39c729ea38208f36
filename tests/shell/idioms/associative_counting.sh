declare -A count
for w in the cat the dog the cat; do (( count[$w]++ )) || true; done
for k in "${!count[@]}"; do printf '%s %d\n' "$k" "${count[$k]}"; done | sort
[[ ${count[cow]-} ]] || echo none
unset 'count[the]'; echo "${#count[@]}"
key='a]b $x "q"'; count[$key]=1; echo "${count[$key]}"
