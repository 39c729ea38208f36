sleep 0.5 & sleep 0.5 &
jobs | wc -l
jobs -p | wc -l
wait; jobs
