set -- a b c
for x; do echo $x; done
for x in "$@"; do shift; done; echo $#
set -- -e; echo "$1"
set -; echo "$1"
