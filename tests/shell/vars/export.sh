x=1; export x; y=2; bash -c 'echo ${x-unset} ${y-unset}'
export z='a b'; bash -c 'echo "$z"'
export -n x; bash -c 'echo ${x-unset}'
v=temp bash -c 'echo $v'; echo ${v-unset}
