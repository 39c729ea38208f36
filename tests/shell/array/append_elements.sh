a=(1); a+=(2 3); a[0]+=x; s=ab; s+=cd
echo "${a[@]} $s"
declare -i n=5; n+=3; echo $n
