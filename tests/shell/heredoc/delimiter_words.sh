cat <<'a b'
$x
a b
cat <<E"O"F
$x `x`
EOF
cat <<$(a)
body
$(a)
cat <<\E
\$
E
cat <<"" 
empty

echo end
