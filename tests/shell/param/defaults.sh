unset u; e= v=val
echo "${u-a}|${u:-b}|${e-c}|${e:-d}|${v-x}|${v:-y}"
echo "${u+a}|${u:+b}|${e+c}|${e:+d}|${v+x}|${v:+y}"
echo "${u=assigned}|$u|${e:=new}|$e"
echo "${1-none}|${1:-none}|${#}"
