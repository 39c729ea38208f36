x=1
declare -n r=x
unset r; echo "${x-gone}"
x=2; echo "$r"
unset -n r; echo "${r-gone} $x"
declare -n q=x
declare +n q
echo "$q"
q=plain; echo "$x $q"
