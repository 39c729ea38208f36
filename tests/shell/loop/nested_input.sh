printf '1\n2\n3\n' > f
while read -r x; do read -r y; echo "$x-$y"; done < f
while read -r x; do echo "o$x"; while read -r y; do echo "i$y"; done < f; done < f
