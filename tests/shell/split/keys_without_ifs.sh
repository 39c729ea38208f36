show() { printf '<%s>' "$@"; echo; }
zz_a=1 zz_b=2 a=(x y)
IFS=
show ${!zz_@}; show ${!zz_*}; show "${!zz_*}"
show ${!a[@]}; show ${!a[*]}; show "${!a[*]}"
