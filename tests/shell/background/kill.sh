sleep 10 & p=$!
kill $p; wait $p; echo $?
sleep 10 & p=$!
kill -9 $p; wait $p; echo $?
kill -0 $$ && echo alive
kill -0 99999 2>/dev/null || echo dead
