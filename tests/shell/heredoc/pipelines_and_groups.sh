cat <<E | tr a-z A-Z |
text
E
sed s/T/t/
{ cat; echo; cat <<I; } <<O
inner
I
outer
O
if cat <<C; then echo ok; fi
cond
C
f() { cat <<F; }
from f
F
f; f
