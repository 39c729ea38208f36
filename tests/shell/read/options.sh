echo 'a b c' | { read -r x; echo "$x"; }
echo 'a\tb' | { read x; echo "$x"; }
echo 'a\tb' | { read -r x; echo "$x"; }
printf 'a:b' | { IFS=: read -r x y; echo "$? $x $y"; }
echo 'one two' | { read -r -a arr; echo "${#arr[@]} ${arr[1]}"; }
echo 'xyz' | { read -r -n 2 x; echo $x; }
echo 'a;b' | { read -r -d ';' x; echo $x; }
echo 'line' | { read -r; echo "$REPLY"; }
printf '  sp  \n' | { read -r x; echo "<$x>"; }
printf '  sp  \n' | { IFS= read -r x; echo "<$x>"; }
printf 'a\\\nb\n' | { read x; echo $x; }
printf 'abc' | { read -r -N 2 x; echo $x; }
read -r x < /dev/null; echo $?
printf 'a\0b\0' | while IFS= read -r -d '' x; do echo "<$x>"; done
read -t 0.01 x < /dev/null; echo $?
