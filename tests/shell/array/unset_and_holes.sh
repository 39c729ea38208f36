a=(a b c d); unset a[1] a[2]; echo "${#a[@]} ${!a[*]} ${a[*]}"
a=("${a[@]}"); echo "${!a[@]}"
a+=([10]=k l); echo "${!a[@]}"
