set -n
echo no
