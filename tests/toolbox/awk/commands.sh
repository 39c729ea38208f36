printf 'b\na\n' > f
awk 'BEGIN{system("echo sys"); r=system("exit 3"); print r}'
awk 'BEGIN{"echo hi" | getline x; print x; while(("echo a; echo b" | getline l)>0) print "got", l}'
awk '{print | "sort"} END{close("sort"); print "after"}' f
awk 'BEGIN{print "x" | "cat 1>&2"}' 2>&1
awk 'BEGIN{printf "no newline"; system(""); system("echo"); }'
awk 'BEGIN{c="echo 1"; c | getline a; close(c); c | getline b; print a+b}'
