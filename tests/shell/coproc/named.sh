coproc UP (tr a-z A-Z; exit 4)
echo text >&"${UP[1]}"
eval "exec ${UP[1]}>&-"
cat <&"${UP[0]}"
wait $!; echo $?
