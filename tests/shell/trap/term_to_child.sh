(trap 'echo child trap; exit 5' TERM; while :; do sleep 0.1; done) & p=$!
sleep 2; kill $p; wait $p; echo $?
