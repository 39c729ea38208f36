set -e
n=0
while false; true; do
  n=$((n+1)); [ $n -lt 3 ] || break
done
echo n=$n
