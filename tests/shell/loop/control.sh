for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done
for i in a b; do for j in 1 2 3; do [ $j = 2 ] && continue 2; echo $i$j; done; done
for i in a b; do for j in 1 2 3; do [ $j = 2 ] && break 2; echo $i$j; done; done
while true; do while true; do break 2; done; done; echo out
n=0; until [ $n -ge 3 ]; do n=$((n+1)); done; echo $n
for i in 1; do :; done; echo $i
break 2>/dev/null; echo $?
