(sleep 3; exit 1) & (exit 2) &
wait -n; echo $?
wait -n; echo $?
wait -n; echo $?
