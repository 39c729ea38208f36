while getopts 'ab:c' o -a -b val -c rest; do echo "$o ${OPTARG-}"; done; echo $OPTIND
parse() { local OPTIND o; while getopts ':x:y' o; do case $o in x) echo "x=$OPTARG";; y) echo y;; :) echo "missing $OPTARG";; \?) echo "bad $OPTARG";; esac; done; shift $((OPTIND-1)); echo "rest $*"; }
parse -x 1 -y r s
parse -yx2 -- -z
parse -q
parse -x
