set -t
echo one; echo still
echo two
