echo "$(echo "$(echo "$(echo "deep quotes")")")"
echo $(echo $(echo $(echo a) b) c)
x=$(case a in a) echo "case in sub";; esac); echo "$x"
x=$(
  # a comment with a ' quote
  echo "after comment" # and another "
)
echo "$x"
x=$(cat <<E
heredoc ) in $(echo substitution)
E
)
echo "$x"
