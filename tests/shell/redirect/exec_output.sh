exec > log
echo in log
exec >&2
cat log 2>&1 | sed 's/^/> /' >&2
exec 1>&2
true
