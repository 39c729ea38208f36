touch 'a*b' aXb
echo a\*b 'a*'b a*b
x='a*'; echo "$x"b $x
