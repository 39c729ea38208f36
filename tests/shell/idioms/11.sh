cmd="echo hello"; $cmd world; "$cmd" 2>/dev/null; echo $?
