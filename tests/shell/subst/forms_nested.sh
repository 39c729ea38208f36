f() { echo "$((1+1)) $[2*3] $(echo $(echo $(echo deep)))"; }
f
echo "$(echo "$(echo "$(echo 'q"q')")")"
x='$(echo no)'; echo $x "$x" "$(echo "$x")"
echo `echo a\`echo b\`` `echo "\"q\""` "`echo "\$x"`"
y=`printf '%s' "a\\\\b"`; echo "$y"
