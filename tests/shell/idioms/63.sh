arr=("$(echo a b)" $(echo c d)); echo ${#arr[@]}; arr=(); echo "${arr[@]:-empty}"; echo "${arr[*]+set}"
