x=y y=z; echo ${!x}
a=(1 2 3); r='a[1]'; echo ${!r}
r='a[@]'; echo "${!r}"
foo_one=1 foo_two=2; echo ${!foo_*} "${!foo_@}"
echo ${!a[@]}
set -- p q; i=2; echo ${!i} ${!#}
unset nope; n=nope; echo "${!n:-default}"
