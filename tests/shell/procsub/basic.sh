while read -r l; do echo "<$l>"; done < <(seq 1 3)
x=0; while read -r n; do x=$((x+n)); done < <(seq 1 10); echo $x
sort <(printf 'z\ny\n') <(echo a)
f() { read -r a < "$1"; read -r b < "$2"; echo "$a $b"; }; f <(echo one) <(echo two)
