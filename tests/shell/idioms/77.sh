printf '%s\0' a b | while IFS= read -r -d '' i; do echo "<$i>"; done; printf 'x\ty' | cut -f2; echo
