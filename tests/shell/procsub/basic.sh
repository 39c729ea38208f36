cat <(echo one) <(echo two)
diff <(printf 'a\nb\n') <(printf 'a\nc\n') > /dev/null; echo $?
while read -r l; do echo "<$l>"; done < <(seq 1 3)
x=0; while read -r n; do x=$((x+n)); done < <(seq 1 10); echo $x
