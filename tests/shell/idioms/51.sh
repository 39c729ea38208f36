declare -i num=10; num+=5; echo $num; num="3*4"; echo $num; declare -r c=5; echo $c; declare -u up=abc; echo $up
