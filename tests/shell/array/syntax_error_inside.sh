a=(1 | 2)
echo "goes on: $? ${#a[@]}"
b=(inside=(x))
echo "$?"
