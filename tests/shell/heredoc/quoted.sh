x=value
cat <<'E'
$x $(echo no) `no` \$x \\
E
cat <<"E"
$x "q"
E
cat <<\E
$x
E
cat <<E''F
$x
EF
