trap 'echo trapped' USR1
(sleep 1; kill -USR1 $$) &
sleep 5 & p=$!
wait $p; s=$?
[ $s -gt 128 ] && echo interrupted
kill $p; wait $p 2>/dev/null
echo end
