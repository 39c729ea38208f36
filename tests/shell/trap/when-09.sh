trap 'echo t; exit 3' TERM
sleep 0.2 && kill -TERM $$ &
wait
echo not reached $?
