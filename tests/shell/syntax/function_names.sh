a-b() { echo dash; }; a-b
a.b() { echo dot; }; a.b
function c:d { echo colon; }; c:d
function 1x { echo digit; }; 1x
$v() { :; }; echo "1 $?"
"q"() { :; }; echo "2 $?"
for 1 in a; do :; done; echo "3 $?"
