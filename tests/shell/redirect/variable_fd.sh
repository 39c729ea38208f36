exec {fd}> out
echo hello >&$fd
exec {fd}>&-
cat out
[ "$fd" -ge 10 ] && echo ten or more
