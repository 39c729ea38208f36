bash <<'E'
x=1
read line
this is data
echo "$line $x"
E
