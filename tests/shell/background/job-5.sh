{ exit 4; } & wait $!; echo $?; ! wait $!; echo $?
f() { return 7; }; f & wait $!; echo $?
for i in 1 2 3; do (sleep 0.0$i; exit $i) & pids+=($!); done; for p in ${pids[@]}; do wait $p; echo $?; done
(sleep 1; echo bg) & echo fg; wait
cat < /dev/null & wait $!; echo $?
echo in | { cat & wait; }
exec 5>&1; echo to5 >&5 & wait
nohup true 2>/dev/null & wait $!; echo $?
nonexistcmd & wait $!; echo $?
x=1; { x=2; } & wait; echo $x
true && false & wait $!; echo $?
! true & wait $!; echo $?
echo $(sleep 0.1 & echo $!) | grep -c .
(trap 'echo bye' EXIT; exit 2) & wait $!; echo $?
trap 'echo usr' USR1; (sleep 1; kill -USR1 $$) & wait; echo $?; wait; echo $?
bash -c 'sleep 3 & kill $!; wait $!; echo $?'
