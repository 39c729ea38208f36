echo 12345 > f
exec 3<> f
read -r -n 2 x <&3; echo $x
echo X >&3
exec 3>&-
cat f
