if true # c1
then # c2
  echo a # c3
fi # c4
case x in # c5
  x) # c6
    echo b ;; # c7
esac
a=(1 # one
2 # two
)
echo ${#a[@]} \
  # not a comment continuation
echo end
