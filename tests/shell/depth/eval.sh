# oracle: none
e='eval "$e"'; (eval "$e") 2>/dev/null; [ $? -ne 0 ] && echo refused
