sleep 0.1 & p1=$!; sleep 0.05 & p2=$!; wait -n $p1 $p2; echo $?; wait -n $p1 $p2; echo $?; wait -n $p1; echo $?
wait -n 1 2 3; echo $?; wait -p; echo $?; wait -p 1x; echo $?; wait -p v 88888; echo $? ${v-unset}
v=1; wait -p v; echo ${v-unset}
