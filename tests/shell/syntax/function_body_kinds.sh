a() if true; then echo if; fi
b() for i in 1 2; do echo $i; done
c() { echo brace; } 2>&1
d() case $1 in x) echo case;; esac
e() (( 1 + 1 ))
a; b; c; d x; e; echo $?
