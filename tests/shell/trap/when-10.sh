trap 'echo got term' TERM
sleep 5 &
p=$!
(sleep 1; kill -TERM $$) &
wait $p
echo "wait $?"
kill $p
wait $p
echo $?
