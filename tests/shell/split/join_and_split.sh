show() { printf '<%s>' "$@"; echo; }
set -- one '' two
IFS=zx; show $*; show $@; show "$*"; show "$@"
IFS=; show $*; show $@; show "$*"
IFS=' z'; show $*; show "$*"
unset IFS; show $*; show "$*"
set -- "" "" ""
IFS=x; show $*; show =$@=
