a=(1 2 3)
echo "${a[-1]} ${a[-3]}"
echo "${a[-4]}x"
a[-4]=x; echo same line
echo "next $?"
a[]=x
echo "${a[]}"
echo end
