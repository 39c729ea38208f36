hash -r; hash cat 2>/dev/null; echo $?; hash nosuchcmd 2>/dev/null; echo $?
