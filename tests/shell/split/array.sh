a=('x y' z '')
printf '<%s>' "${a[@]}"; echo
printf '<%s>' ${a[@]}; echo
printf '<%s>' "${a[*]}"; echo
printf '<%s>' "${a[@]:1}"; echo
printf '<%s>' "p${a[@]}s"; echo
