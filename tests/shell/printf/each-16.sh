printf '%d\n' 0x1f 010 -0x10 08; echo $?
