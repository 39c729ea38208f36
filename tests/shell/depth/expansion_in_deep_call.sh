# oracle: none
n=; i=0; while [ $i -lt 300 ]; do n="{ $n"; i=$((i+1)); done
d=0; f() { d=$((d+1)); [ $d -gt 200 ] && eval "$n" 2>/dev/null; f; }
(f) 2>/dev/null; echo $?
