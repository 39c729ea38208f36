x='a b  c'
printf '<%s>' $x; echo
printf '<%s>' "$x"; echo
printf '<%s>' pre$x'post'; echo
x='  lead trail  '
printf '<%s>' $x; echo
printf '<%s>' a$x; echo
printf '<%s>' ${x}a; echo
e=
printf '<%s>' $e "$e" ''$e; echo
