pids=(); for s in 0 1 2; do (exit $s) & pids+=($!); done
for p in "${pids[@]}"; do wait $p; echo $?; done
