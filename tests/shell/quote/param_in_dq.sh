unset u; e= s='x y'
echo "${u:-"inner quoted"}" "${u:-'single'}" "${s:+"alt $s"}"
echo "${u:-a\}b}" ${u:-'a}b'} ${u:-"a}b"}
echo "${s#'x'}" "${s%"y"}" "${s/ /'-'}"
printf '<%s>' ${u:-a b} "${u:-a b}" ${u:-"a b"}; echo
printf '<%s>' ${u-"$s"} ${u-$s}; echo
echo "${u:-${e:-${s}}}"
echo "${u:-$(echo "nested "quotes"")}"
