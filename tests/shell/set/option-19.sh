shopt -s lastpipe
echo a b | read x y; echo $x $y
seq 3 | while read n; do t=$((t+n)); done; echo $t
echo q | { read z; echo "<$z>"; exit 3; }
echo no
