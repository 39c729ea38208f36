echo $(echo a) "$(echo b)" `echo c`
x=$(printf 'a\n\nb\n\n'); printf '<%s>\n' "$x"
echo "$(< /dev/null)" end
echo hi > f; echo $(<f) "$(< f)"
x=$(exit 5); echo $?
x=$(echo out; echo err >&2) 2>/dev/null; echo $x
echo $(echo $(echo $(echo 4)))
