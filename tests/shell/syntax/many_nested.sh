x=0
while :; do
  for i in a b; do
    case $i in
      a) if [ $x -gt 0 ]; then { (echo "nested $i $x"); }; fi;;
      *) until [ $x -gt 1 ]; do x=$((x+1)); done;;
    esac
  done
  [ $x -gt 1 ] && break
done
echo $x
