let; echo $?; let 1+1; echo $?; let 0; echo $?; let x=3 y=x*2; echo $y; let "1/0"; echo $?
