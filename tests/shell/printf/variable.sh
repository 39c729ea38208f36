printf -v x '%03d' 7; echo $x
printf -v a[2] hello; echo ${a[2]}
