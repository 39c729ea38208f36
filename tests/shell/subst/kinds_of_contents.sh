echo "$(echo a; echo b)" $(echo a; echo b) "`echo 'c  d'`"
x=$(cat <<E
in heredoc
E
); echo "$x"
echo "$(case x in x) echo case;; esac)" $(case y in (y) echo paren;; esac)
echo $(echo "a)b" ')' \) '# not' # comment )
)
echo $(< /dev/null)x "$(printf 'trail\n\n\n')"y
echo "$(exit 3)$?" $?
