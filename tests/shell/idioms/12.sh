args=(-n "a b"); echo "${args[@]}"; echo
