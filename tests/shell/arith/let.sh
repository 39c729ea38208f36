let x=1+2 'y = x * 2'; echo $x $y
let z=0; echo $?
let 'a=1' 'b=0'; echo $?
