set -u
echo "${x:-default}" "${x-}" "${x+set}"
y=
echo "<$y>"
echo "$@" "$*" $#
echo $x
echo not reached
