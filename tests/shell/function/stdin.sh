count() { local n=0; while read -r _; do n=$((n+1)); done; echo $n; }
printf 'a\nb\nc\n' | count
count < <(seq 7)
count <<< one
