exec 3> f3
echo to three >&3
exec 3>&-
cat f3
exec 4< f3
read -r line <&4
echo "$line"
exec 4<&-
{ echo x >&5; } 5> f5; cat f5
echo swap 3>&1 1>&2 2>&3 | cat
