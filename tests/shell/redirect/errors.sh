cat < nosuch 2>/dev/null; echo $?
echo x > nodir/file 2>/dev/null; echo $?
mkdir d
echo x 2>/dev/null > d; echo $?
: > 'a b'; v='a b'
echo x 2>/dev/null > $v; echo $?
echo x > "$v"; cat "$v"
