true & wait $!; jobs
sleep 0.1 & sleep 0.2 & wait %1 %2; echo $?; jobs
wait -f; wait -n -p v; echo $? ${v-unset}
sleep 5 & disown; jobs; kill $!; sleep 5 & disown %1; kill $!; sleep 5 & disown -h; jobs; kill $!; disown -a; disown 99; disown -r
(exit 3) & p=$!; wait; wait $p; echo $?
