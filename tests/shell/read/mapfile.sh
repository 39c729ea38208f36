printf 'a\nb b\nc' > f
mapfile -t l < f; echo ${#l[@]} "${l[1]}" "${l[2]}"
mapfile l < f; printf '<%s>' "${l[@]}"; echo
readarray -t -n 2 m < f; echo ${#m[@]}
mapfile -t -s 1 n < f; echo "${n[0]}"
mapfile -t -d ' ' o <<< 'x y z'; echo ${#o[@]}
