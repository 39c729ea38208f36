set -e
! false | false
echo a
! true | true
echo b
