# oracle: none
a() { for i in 1; do case x in x) { b; };; esac; done; }
b() { if true; then while true; do a; done; fi; }
(a) 2>/dev/null; echo $?
