x=$'line1\nline2'; while read -r l; do echo "[$l]"; done <<< "$x"; echo "${x//$'\n'/,}"
