i=1
a=([100+i++]=$((i++)) [200+i++]=$((i++)))
declare -p a i
a=(x [5]=y z [2]=w v)
declare -p a
a+=([1]+=more end)
declare -p a
