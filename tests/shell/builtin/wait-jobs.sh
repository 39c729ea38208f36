wait zzz; echo $?; wait %9; echo $?; wait 99999; echo $?
wait -n; echo $?; wait -n 99999; echo $?; wait -x; echo $?
true & wait -n; echo $?; false & wait -n; echo $?
(exit 3) & p=$!; (exit 4) & q=$!; wait $p $q; echo $?; wait $p; echo $?
(exit 5) & wait -p v -n; echo $? $((v==$!))
(exit 6) & wait -p v $!; echo $? $((v==$!))
sleep 3 & (exit 7) & wait -n; echo $?; wait; echo $?
jobs; sleep 8 & jobs; jobs -p | grep -c .;  jobs %1; jobs %2; echo $?; jobs -x echo hi; jobs -z; echo $?
sleep 9 & jobs; kill %1; wait %1; echo $?; jobs; jobs -r; jobs -s; disown; jobs; echo; disown %9; echo $?; disown -x; fg; echo $?; bg; echo $?; suspend; echo $?

false & sleep 1; jobs
wait %1; echo $?
sleep 1 | cat & jobs; kill %1; wait
{ sleep 1; echo; } & jobs; kill $!
