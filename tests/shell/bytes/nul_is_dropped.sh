x=$(printf 'a\0b') 2>/dev/null; echo "${#x}"
printf 'a\0b\0' | while IFS= read -r -d '' p; do echo "<$p>"; done
mapfile -d '' -t m < <(printf 'x\0y\0'); echo "${#m[@]} ${m[1]}"
