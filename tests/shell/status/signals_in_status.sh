# stderr: ignored
sh -c 'kill -TERM $$'; echo $?
(kill -KILL $BASHPID) 2>/dev/null; echo $?
sleep 5 & kill -INT $!; wait $! 2>/dev/null; [ $? -ge 0 ] && echo waited
