x=x; (echo $((x))) 2>/dev/null; echo $?
a='b' b='a'; (echo $((a+1))) 2>/dev/null; echo $?
