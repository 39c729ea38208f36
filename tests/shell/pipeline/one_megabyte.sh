head -c 1000000 /dev/zero | tr '\0' x | wc -c
x=$(head -c 1000000 /dev/zero | tr '\0' y)
echo ${#x}
echo "$x" | wc -c
printf %s "$x" | cat | cat | wc -c
