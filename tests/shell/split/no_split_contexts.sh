x='a  b'
y=$x; echo "$y"
case $x in 'a  b') echo case;; esac
[[ $x == 'a  b' ]] && echo cond
cat <<< $x
cat <<E
$x
E
export z=$x; echo "$z"
local_f() { local l=$x; echo "$l"; }; local_f
