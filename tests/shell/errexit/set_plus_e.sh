set -e
set +e
false
echo survived
set -e
false
echo no
