echo `echo a b`
echo "`echo "x  y"`"
echo `echo \`echo deep\``
echo "`echo \"quoted\"`" `echo '$HOME' | tr H h`
x=`printf 'a\\\\b'`; echo "$x"
