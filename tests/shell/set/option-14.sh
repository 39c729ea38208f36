set -x
echo a "b c" 'd$e' $'x\ny'
x=1 y="a b"
z=$(echo q)
for i in 1 2; do echo $i; done
[[ $x == 1 && -n "a b" ]]
((x+1))
case $x in 1) echo one;; esac
if [ $x = 1 ]; then :; fi
f() { echo "in f $1"; }
f arg
x=2 f y
echo a | cat
(echo sub)
{ echo grp; } > /dev/null
echo foo > /dev/null 2>&1
arr=(1 "2 3" 4)
arr[1]=x
arr+=(5)
local_test() { local q=1 r; }
local_test
export E=1
readonly R=2
while [ $x -lt 4 ]; do ((x++)); done
select_x=1
set +x
echo done
