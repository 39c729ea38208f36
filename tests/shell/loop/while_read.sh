printf 'a b\nc  d\n\nlast' > f
while read -r x y; do echo "$x|$y"; done < f
while IFS= read -r line || [ -n "$line" ]; do echo "<$line>"; done < f
while read -r l; do cat; done < f
