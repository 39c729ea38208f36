{ time true; } 2>&1 | grep -c real
{ time -p sleep 0; } 2>&1 | grep -c '^real'
time : 2>/dev/null; echo $?
