trap 'echo "in trap: $LINENO"' USR1
kill -USR1 $$

kill -USR1 $$
