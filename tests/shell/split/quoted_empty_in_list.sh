set -- "" "" x
printf '<%s>' "$@" $@; echo
a=("" "b"); printf '<%s>' "${a[@]}" ${a[@]}; echo
