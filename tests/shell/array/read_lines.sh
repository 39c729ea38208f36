mapfile -t lines < <(printf 'x 1\ny 2\n'); for l in "${lines[@]}"; do set -- $l; echo "$2$1"; done
