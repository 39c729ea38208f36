while IFS=, read -r a b; do echo "$b:$a"; done <<< $'1,2\n3,4'
