seq 1 100000 | while read -r x; do [ "$x" -gt 3 ] && break; echo $x; done
echo after
yes | head -3
