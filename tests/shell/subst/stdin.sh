echo input | { x=$(cat); echo "got $x"; }
printf 'l1\nl2\n' | { read -r a; b=$(cat); echo "$a,$b"; }
