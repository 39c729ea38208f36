x="it's" y=$'a\tb' e= a=(1 "2 3")
echo "${x@Q} ${y@Q} [${e@Q}] [${none@Q}] ${a[@]@Q} ${x@U} ${x@u} ${y@E}"
z='\t|\x41'; echo "${z@E}"
set -- p "q r"; echo "${@@Q} ${*@Q}"
declare -A m=([k]="v w"); echo "${m[@]@K}"; printf '<%s>' "${m[@]@k}"; echo
