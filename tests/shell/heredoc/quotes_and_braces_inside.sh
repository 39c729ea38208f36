x='a b' u=
cat <<E
"$x" '$x' ${u:-"$x"} ${u:-'$x'} ${x/a/"q"} \$x \\ \a $'x' ${x#"a "}
$(echo "in $x" 'lit' "$(cat <<I
inner "$x"
I
)")
`echo \$x` $((1+1)) ${u:-}}
E
