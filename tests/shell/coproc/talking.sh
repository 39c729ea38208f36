coproc { while read -r l; do echo "got $l"; done; }
pid=$COPROC_PID
echo hello >&"${COPROC[1]}"
read -r -u "${COPROC[0]}" answer; echo "$answer"
exec {COPROC[1]}>&-
wait "$pid"; echo "status $?"
