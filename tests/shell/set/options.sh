set -u; set -o | grep nounset; set +u
set -o pipefail; set -o | grep pipefail
case $- in *e*) echo e;; *) echo no e;; esac; set -e; case $- in *e*) echo e;; esac
set -- a -b c; echo $1 $2 $#
set -euo pipefail; echo ${SHELLOPTS} | tr : '\n' | grep -c -e errexit -e nounset -e pipefail
set +eu; set -o nosuch 2>/dev/null; echo $?
