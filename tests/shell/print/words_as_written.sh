f() {
  echo $(  echo   hi;  echo ho ) `back  tick` "q $( a |  b )" <( ls  -l ) $(( 1 +  2 )) ${x:-a  b}
  echo 'single' "dou\$ble" $'ansi\n' $"loc" \ esc a\
b
  x=1 y="a b" z=(1   2 [4]=5) a[1+2]+=c cmd
  local -a l=(  1   "2" )
  [[ a == b* && ( -n $x || ! $y =~ ^a(b)$ ) && c = d ]]
  a && b || c; ! d; e | g |& h; time j; time -p j | k
  h & i
  for ((i=0;i<3;i++)); do echo; done
}
declare -f f
