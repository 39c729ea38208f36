a=1
echo "$a"'$a'"$a" "${a}b" "$a b" '"'"'"
echo "a'b" 'a"b' a\'b "a\"b"
echo "$(echo '"')" "`echo "'"`"
echo "${a:+"$a"}" "${a:+'$a'}" ${a:+'$a'}
