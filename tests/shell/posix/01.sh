set -o posix
x=1 :; echo ${x-unset}; y=1 eval 'echo $y'; echo ${y-unset}; z=1 true; echo ${z-unset}; w=1 export v=2; env | grep -c '^w='
