IFS=$'\n'
x=$'a b\nc d'
printf '<%s>' $x; echo
for l in $(printf '1 2\n3 4\n'); do echo "[$l]"; done
