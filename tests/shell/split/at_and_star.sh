set -- 'a b' c ''
printf '<%s>' "$@"; echo
printf '<%s>' "$*"; echo
printf '<%s>' $@; echo
printf '<%s>' $*; echo
printf '<%s>' "x$@y"; echo
IFS=,
printf '<%s>' "$*"; echo
x=$*; echo "$x"
x="$@"; echo "$x"
set --
printf '<%s>' "$@"; echo
printf '<%s>' "a$@"; echo
printf '<%s>' "$@$@"; echo
