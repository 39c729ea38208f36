set -e
if (false; echo in condition errexit is off); then echo yes; fi
( exit 3 ) || echo "status $?"
( exit 4 )
echo not reached
