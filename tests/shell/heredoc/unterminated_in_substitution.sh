x=$(cat <<E
body
E
); echo "<$x>"
y=`cat <<E
back
E`; echo "<$y>"
