a=(1 'b c' "d'e"); declare -p a
declare -A m=([x]=1); declare -p m
s='a"b$c'; declare -p s
declare -i i=3; declare -r ro=1; export ex=2; declare -p i ro ex
