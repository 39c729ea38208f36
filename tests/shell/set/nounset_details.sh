set -u
a=() m=
echo "${a[@]}" "${#a[@]}" "${a[@]+x}" "$*" "$@" "${u-default}" "${u+x}" "${m}"
(echo "${a[0]}") 2>/dev/null; echo $?
(echo $((undefined + 1))) 2>/dev/null; echo $?
(echo "${#u}") 2>/dev/null; echo $?
(echo "$1") 2>/dev/null; echo $?
(unset x; x+=1; echo "$x")
[[ -v u ]] || echo unset
echo "$u"
echo never
