trap 'echo exit trap' EXIT
kill -INT $$
echo not reached
