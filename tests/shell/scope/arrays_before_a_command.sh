a=(x y) env | grep '^a='
b[0]=x c=1 env | grep -E '^[bc]='
echo "${#a[@]}"
