set -e
shopt -s inherit_errexit
x=$(false; echo no) || echo "failed, x=<$x>"
x=$(false; echo no)
echo not reached
