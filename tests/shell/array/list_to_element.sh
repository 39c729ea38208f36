a=(1 2)
a[0]=(3 4)
echo "status $? ${a[*]}"
a[-1]+=(5)
echo "status $? ${a[*]}"
