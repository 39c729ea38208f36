trap 'echo "cleanup"' EXIT
trap 'echo term; exit 143' TERM
kill $$
echo not reached
