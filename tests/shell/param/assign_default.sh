unset a b; : "${a:=1}" ${b:=two words}; echo "$a $b"
: ${c=}; echo "<$c>"
unset arr; : ${arr[2]:=v}; echo ${!arr[@]} ${arr[2]}
