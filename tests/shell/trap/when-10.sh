trap 'echo got term' TERM
sleep 5 &
p=$!
(sleep 0.2; kill -TERM $$) &
wait $p
echo "wait $?"
kill $p
wait $p
echo $?
