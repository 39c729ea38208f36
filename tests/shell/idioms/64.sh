a="x"; a+="y"; a+=z; echo $a; b=(1); b+=(2); b[5]=6; echo ${b[@]} ${#b[@]}; c=$a$b; echo $c
