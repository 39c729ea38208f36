for i in 1 2 3; do echo $i; done | while read -r n; do echo "n=$n"; done | { read -r first; echo "$first"; cat; }
yes | for i in 1 2; do read -r l; echo "$l$i"; done
i=0; while ((i++ < 3)); do echo $i; done | until ! read -r x; do echo "u$x"; done
echo "$i ${PIPESTATUS[*]}"
