trap 'exit 9' ERR
false
echo no
