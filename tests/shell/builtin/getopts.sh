set -- -a -b val -c rest; while getopts "ab:c" o; do echo "$o ${OPTARG-unset} $OPTIND"; done; echo "$o $OPTIND"
set -- -z; getopts ab o; echo "$? $o ${OPTARG-unset} $OPTIND"
OPTIND=1; set -- -b; getopts b: o; echo "$? $o ${OPTARG-unset} $OPTIND"
OPTIND=1; getopts :b: o; echo "$? $o ${OPTARG-unset} $OPTIND"
OPTIND=1; set -- -x; getopts :b: o; echo "$? $o ${OPTARG-unset} $OPTIND"
OPTIND=1; set -- -abfoo -- x; while getopts ab:c o; do echo "$o ${OPTARG-unset} $OPTIND"; done; echo $OPTIND
OPTIND=1; OPTERR=0; set -- -q; getopts ab o; echo $o
getopts; echo $?; getopts a; echo $?; getopts -x a; echo $?; getopts a 1x; echo $?
OPTIND=1; getopts a o -a; echo $o $OPTIND; getopts a o -a; echo $? $o $OPTIND
f() { local OPTIND; while getopts xy o; do echo f$o; done; }; f -x -y; f -y
OPTIND=1; set -- -a; getopts a o; readonly o; OPTIND=1; getopts a o; echo $?
