trap 'echo t; exit 3' TERM
sleep 1 && kill -TERM $$ &
wait
echo not reached $?
