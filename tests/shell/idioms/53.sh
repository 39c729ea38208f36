a=(a b c d); echo ${a[@]:1:2} ${#a[@]} ${a[@]: -1} ${!a[@]}; unset 'a[1]'; echo ${!a[@]}; a+=(e); echo ${a[@]}
