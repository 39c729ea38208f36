f() { while [ $# -gt 0 ]; do case $1 in -v) echo verbose;; -o) shift; echo "out=$1";; --) shift; break;; *) echo "arg $1";; esac; shift; done; echo "rest: $*"; }
f -v -o file x -- y z
