set -e
case x in x) false; echo no;; esac
echo not reached
