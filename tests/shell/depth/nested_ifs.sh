# oracle: none
x=; y=; i=0; while [ $i -lt 5000 ]; do x="${x}if true; then "; y="$y; fi"; i=$((i+1)); done
(eval "$x echo in$y")
echo $?
