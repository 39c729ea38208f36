x=$(printf '(%.0s' $(seq 1 3000)); y=$(printf ')%.0s' $(seq 1 3000))
bash -c "$x echo $y" 2>/dev/null; [ $? -ne 0 ] && echo refused
echo $(( $(printf '(%.0s' $(seq 1 50))1$(printf ')%.0s' $(seq 1 50)) ))
