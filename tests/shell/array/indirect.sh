a=(x y) x=1
r='a[@]'; echo "${!r}"; printf '<%s>' "${!r}"; echo
r='a[1]'; echo "${!r} ${!r^^}"
declare -A m; echo "[${!m}]"
n=2; set -- p q; echo "${!n}"
echo "${!undefined-default}"
echo "after: $?"
