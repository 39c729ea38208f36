declare -n a=b b=a
echo "${a-none}"
a=1
echo "next line: $?"
