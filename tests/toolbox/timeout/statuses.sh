timeout 0.2 sleep 5; echo $?
timeout -s KILL 0.2 sleep 5; echo $?
timeout --preserve-status 0.2 sleep 5; echo $?
timeout 5 sh -c 'exit 3'; echo $?
timeout 5 true; echo $?
timeout 1 nosuchcommand 2>/dev/null; echo $?
timeout x true 2>/dev/null; echo $?
timeout 0.2 sh -c 'while :; do :; done'; echo $?
timeout 0 true; echo $?
