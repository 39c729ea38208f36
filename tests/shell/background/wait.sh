sleep 0.1 & p=$!
wait $p; echo $?
(exit 3) & wait $!; echo $?
(exit 4) & p=$!; (exit 5) & q=$!
wait $p; echo $?; wait $q; echo $?
wait; echo $?
wait 99999 2>/dev/null; echo $?
