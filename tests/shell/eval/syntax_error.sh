eval 'if true; then' 2>/dev/null; echo $?
eval 'echo )' 2>/dev/null; echo $?
echo still running
