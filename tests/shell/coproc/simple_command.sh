coproc cat
echo via cat >&"${COPROC[1]}"
read -r line <&"${COPROC[0]}"; echo "$line"
kill "$COPROC_PID"; wait "$COPROC_PID" 2> /dev/null; echo $?
