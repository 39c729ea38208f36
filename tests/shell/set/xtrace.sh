exec 2>&1
set -x
echo a "b c" 'd$e'
x=1
y=$x z='q r'
for i in 1 2; do :; done
[ a = a ]
[[ $x == 1 ]]
((x > 0))
case $x in 1) : one;; esac
f() { echo in; }; f arg
w=$(echo sub)
x=5 true
set +x
echo done
