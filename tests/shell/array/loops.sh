files=("a b" c)
for f in "${files[@]}"; do echo "<$f>"; done
for i in "${!files[@]}"; do echo "$i:${files[i]}"; done
i=1; echo "${files[i]}" "${files[i-1]}" "${files[$i]}"
