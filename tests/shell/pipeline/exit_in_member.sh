echo a | { read x; exit 3; }
echo $?
exit 5 | true
echo $?
