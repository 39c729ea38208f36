sh -c 'kill -TERM $$' & wait $!; echo $?
sh -c 'kill -TERM $$' & wait; echo $?
sh -c 'kill -KILL $$' & wait; echo $?
f() { sh -c 'kill -KILL $$'; }
f
x=1 sh -c "kill -KILL \$\$" > /dev/null
true | sh -c "kill -TERM \$\$"
(exec sh -c "kill -KILL \$\$")
$(echo sh) -c "kill -KILL \$\$"
sleep 5 & kill $!; wait $!; echo $?
sleep 5 & kill -9 $!; sleep 1; echo a; jobs; echo $?
sleep 5 & kill -INT $!; wait $!; echo $?
sleep 5 & p=$!; kill -HUP $!; wait $p; echo $?; wait $p; echo $?
kill -l; kill -l 9 130 TERM SIGINT; kill -L | head -2; kill -l BAD 1; echo $?; kill; echo $?; kill -BAD 1; kill 99999; echo $?; kill abc; kill -s; kill -n 99 1; kill %1; echo $?; kill -l 65; kill -l 200; kill -l 0; kill -0 $$; echo $?; kill -s TERM; kill --; kill -15; kill -n 9; kill -l EXIT; kill -x 1
