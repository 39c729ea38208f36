[[ été =~ ^.t.$ ]] && echo chars
x=$'a\xffb'
[[ $x =~ a.b ]] || echo no byte
shopt -s nocasematch
[[ ÉTÉ =~ ^été$ ]] && echo fold
[[ abc =~ [A-B]+ ]] && echo "${BASH_REMATCH[0]}"
