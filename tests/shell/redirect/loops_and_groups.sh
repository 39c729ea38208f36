{ echo 1; echo 2; } | while read -r n; do echo "n$n"; done > out; cat out
while read -r a b; do echo "$b $a"; done < <(printf '1 2\n3 4\n') | sort
for f in a b; do cat <<< "$f"; done >> log; cat log
if true; then cat; fi <<< input
case x in x) cat;; esac < out | head -1
