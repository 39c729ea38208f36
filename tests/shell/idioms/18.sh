ls *.nope 2>/dev/null || echo "no files"; echo $?
