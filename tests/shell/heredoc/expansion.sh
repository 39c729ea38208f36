x=value
cat <<E
$x ${x} $(echo sub) `echo back` $((1+1))
"double" 'single' \$x \\ \` \a
line \
joined
E
