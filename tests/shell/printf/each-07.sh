printf -v v '%03d' 7; echo $v
