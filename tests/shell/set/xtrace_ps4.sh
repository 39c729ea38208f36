exec 2>&1
PS4='+${LINENO}: '
set -x
echo one
echo two
