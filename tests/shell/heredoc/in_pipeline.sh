cat <<E | tr a-z A-Z | sed 's/X/y/'
text x
E
while read -r line; do echo "<$line>"; done <<E
l1
  l2  
l3\\x
E
