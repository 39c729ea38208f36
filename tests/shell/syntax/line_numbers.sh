echo $LINENO
x='
'
echo $LINENO
cat <<E
$LINENO
E
f() {
  echo $LINENO
}
f; echo $LINENO
nosuch_at_16 2>&1 | sed 's/.*line/line/'
