[[ v1.22.3 =~ ^v([0-9]+)\.([0-9]+)\.([0-9]+)$ ]] && echo "${BASH_REMATCH[@]}"
[[ abc =~ b ]] && echo ${BASH_REMATCH[0]}
re='^(a|b)+$'; [[ abab =~ $re ]] && echo "${BASH_REMATCH[1]}"
[[ 'a.b' =~ a\.b ]] && echo escaped
[[ axb =~ "a.b" ]] || echo quoted is literal
[[ 'foo bar' =~ (foo)[[:space:]]+(bar) ]] && echo "${BASH_REMATCH[2]}"
[[ x =~ y ]]; echo $? ${#BASH_REMATCH[@]}
