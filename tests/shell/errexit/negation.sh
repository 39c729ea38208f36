set -e
! true
echo after not true
! false
echo after not false
