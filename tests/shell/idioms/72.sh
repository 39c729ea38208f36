let "x = 5 * (2 + 3)" "y = x / 3"; echo $x $y; echo $((x > y ? x : y)); (( x == 25 )) && echo yes
