set -- -abc foo
while getopts abc o; do echo $o; done; shift $((OPTIND-1)); echo $1
