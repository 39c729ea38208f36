x=abc; [[ $x == [[:lower:]]* ]] && echo lower; [[ ${x:0:1} == a ]] && echo a
