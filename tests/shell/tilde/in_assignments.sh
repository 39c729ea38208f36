HOME=/h
a=~ b=~/x c=x:~:~/y d="~" e=~x/~ f=a=~
echo "$a $b $c $d $e $f"
export g=~/g; readonly h=~:~; declare i=~ j[1]=~/j
echo "$g $h $i ${j[1]}"
k=~:${u-~:~/k}; echo "$k"
echo x=~ --p=~/x "~" \~ ~/"a b" ~nosuchuser
l=(~ [3]=~/m); echo "${l[@]}"
declare -A m=([k]=~); echo "${m[k]}"
