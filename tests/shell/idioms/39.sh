n=0; while read -r l; do n=$((n+1)); done < <(printf '1\n2\n3'); echo $n
