trap 'echo "debug"' DEBUG
x=1
trap - DEBUG
echo done
