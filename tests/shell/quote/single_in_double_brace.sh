unset u
echo "${u-'}'}" "${u-'a b'}" "${u:-"in'ner"}"
echo "${u-$'x'}" ${u-'$HOME'} "${u-'$u'}."
x="a'b"
echo "${x#*\'}" "${x%\'*}" "${x/\'/Q}"
echo "${u-\}}" "${u-"}"}" ${u-"}"} ${u-'}'}
