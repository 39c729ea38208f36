echo gone > /dev/null
cat < /dev/null
echo $?
ls nosuch 2>/dev/null || echo failed
