a=1
echo "${u-"$(echo "${a+"$(echo "x  y")"}")"}"
echo "$(echo "$(echo '"')")" "${u:-$(echo "}")}"
echo "`echo "\`echo '$a'\`"`" `echo \\\\ \$a`
echo "${u-`echo "b  c"`}"
