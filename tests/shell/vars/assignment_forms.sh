x=a y=$x; echo $y
x=1; x+=2; echo $x
a=b=c; echo $a
x= ; echo "<$x>"
x=$(echo 1) y=2; echo $x$y
x='multi
line'; echo "$x"
_under=1; A1=2; echo $_under$A1
