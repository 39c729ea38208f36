echo $((1/0)); echo same line
echo "next line $?"
(( 1 / 0 )); echo $?
let '1 +'; echo $?
x=08; echo $((x)); echo $?
echo end
