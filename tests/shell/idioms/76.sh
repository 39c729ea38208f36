getopt_test() { while [ $# -gt 0 ]; do case "$1" in --name=*) n="${1#*=}";; --flag|-f) fl=1;; *) break;; esac; shift; done; echo "$n $fl $*"; }; getopt_test --name=x -f rest y
