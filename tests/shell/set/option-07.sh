set -eu
echo ${x-unset}
echo "$x"
echo no
