target=text
declare -n r=target
echo "${!r} $r ${#r} ${r^^} ${r/e/E} ${r:1:2} ${r@Q} ${r:-none} ${r%t}"
unset target
echo "${r:-default}" "${r=assigned}" "$target"
