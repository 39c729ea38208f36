set -e
(( 1 ))
(( 0 )) || echo zero is false
let x=0 || echo let zero
(( 0 ))
echo not reached
