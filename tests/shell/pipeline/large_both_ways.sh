f() { while IFS= read -r l; do printf '%s\n' "$l"; done; }
seq 1 30000 | f | tail -1
seq 1 30000 | f | sort -rn | head -1
head -c 300000 /dev/zero | tr '\0' 'a' | while IFS= read -r -n 1000 x; do echo ${#x}; done | sort | uniq -c | tr -s ' '
