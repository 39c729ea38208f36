set -- a b c; echo $#
set -; echo $#
set - x y; echo $1
set -x -; echo q
set --; echo $#
set -e -u -- 1 2; echo $- $2
set +eu; echo $-
set -o errexit -o nounset; echo $-
set -k; echo $-
