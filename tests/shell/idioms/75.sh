x=10; while [ $x -gt 7 ]; do echo -n "$x "; x=`expr $x - 1`; done; echo
