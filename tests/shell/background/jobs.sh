sleep 3 & sleep 3 &
jobs | wc -l
jobs -p | wc -l
wait
