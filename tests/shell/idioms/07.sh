x=5; until ((x<=0)); do ((x-=2)); done; echo $x
