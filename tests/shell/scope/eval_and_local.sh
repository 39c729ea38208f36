f() {
  local a=1
  a=2 eval 'local a=3; echo "in eval $a"'
  echo "after $a"
  x= eval 'local y=yes'
  echo "$y"
}
a=0
f
echo "$a ${y-none}"
