for i in 1 2; do echo $i; continue 1 2; echo no; done
echo "next line: $?"
