printf 'a b\tc\\d e\nsecond\\\nline\nthird' > f
{ read x; echo "<$x>"; read -r y; echo "<$y>"; read z; echo "$? <$z>"; read w; echo "$? <$w>"; } < f
read -r a b c <<< "1 2 3 4"; echo "$a|$b|$c"
read -a arr <<< "x y z"; echo "${arr[@]}" ${#arr[@]}
read -d : p <<< "a:b"; echo $? "$p"
read -d '' all < f; echo $? "$all"
read -n 3 n3 <<< abcdef; echo "$n3"
read -N 3 n3 <<< $'a\nbcd'; echo "$n3"
read -n 0 zero <<< abc; echo $? "<$zero>"
IFS=: read -r u v w <<< "a:b:c:d"; echo "$u|$v|$w"
IFS=: read -r u v w <<< "a::"; echo "$u|$v|$w"
IFS= read -r l <<< "  lead trail  "; echo "<$l>"
read -r l <<< "  lead trail  "; echo "<$l>"
read <<< "  lead trail  "; echo "<$REPLY>"
read -u 9 x; echo $?
exec 9< f; read -u 9 x; echo $x; exec 9<&-
read 1x <<< a; echo $?
read -p "prompt" x <<< a; echo $x
read -s x <<< sec; echo $x
read -e x <<< ed; echo $x
read -i foo x <<< ed; echo $x
read 'a[2]' <<< el; echo "${a[2]}"
readonly ro=1; read ro <<< x; echo $?
read -q x; echo $?
read -a ro2 z <<< "a b"; echo ${ro2[@]} $z
read x y <<< "a"; echo "<$x><$y>"
read x < /nonexistent; echo $?
echo 'a\ b c' | { read x y; echo "<$x><$y>"; }
printf 'a\0b\n' | { read x; echo "<$x>"; }
printf 'a\0b\0' | while read -d '' x; do echo "<$x>"; done
printf 'é€x' | { read -n 2 x; echo "<$x>"; }
printf 'é€x' | { read -N 2 x; echo "<$x>"; }
read -n a x; read -N -1 x; read -u z x; echo $?
