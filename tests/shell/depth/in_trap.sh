# oracle: none
(trap 'kill -USR1 $BASHPID' USR1; kill -USR1 $BASHPID) 2>/dev/null; echo ended
