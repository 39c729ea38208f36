echo $ "$" '$' a$ "a$" $% "$%"
echo "$(echo \$HOME)" '$(no)'
echo "\\$a" "\\\$a"
