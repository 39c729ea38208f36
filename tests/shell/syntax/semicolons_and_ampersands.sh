true & true; wait; echo $?
if true; then :; fi; while false; do :; done; echo ok
{ echo a;}
(echo b;echo c)
f(){ echo d;};f
for((i=0;i<2;i++));do echo $i;done
[[ a == a ]]&&echo e
