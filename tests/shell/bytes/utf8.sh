s='héllo wörld'; echo ${#s} ${s:1:1} ${s^^} ${s#h?}
for w in $s; do echo $w; done
[[ é == ? ]] && echo char
