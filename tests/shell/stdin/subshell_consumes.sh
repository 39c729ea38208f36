printf '(read a; echo "sub $a")\ndata for sub\necho "then main"\n' | bash
