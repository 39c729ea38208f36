x=$(printf 'a%.0s' {1..3000})
[[ $x =~ ^(a*)(a*)*b$ ]]; echo $?
[[ $x =~ ^(a|aa)+$ ]]; echo "$? ${#BASH_REMATCH[0]} ${#BASH_REMATCH[1]}"
[[ "${x}b" =~ (a+)b$ ]]; echo "${#BASH_REMATCH[1]}"
