trap 'echo int' INT
kill -INT $$
echo after
trap 'echo exit $?' EXIT
kill -TERM $$
echo not reached
