set -e
for i in 1 2; do false && true; echo $i; done
while false; do :; done
until true; do :; done
case x in x) false || true;; esac
echo $(false; echo still)
[ 1 = 2 ] || echo neq
[ 1 = 2 ] && echo eq
echo before
true && false
echo no
