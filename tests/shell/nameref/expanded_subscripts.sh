declare -A map=([one two]=1 [k]=2)
arr=(10 20 30)
key='one two' i=1
declare -n r='map[$key]' s='arr[i+1]' t='arr[$(echo 0)]'
echo "$r $s $t"
r=changed s=changed
declare -p map arr
