trap '' TERM
kill -TERM $$
echo survived
(kill -TERM $BASHPID; echo child survived)
