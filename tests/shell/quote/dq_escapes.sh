echo "a\$b \"q\" \\ \`x\` \n \a" 'single \n $x'
echo a\ b\$c\"d
echo "line one \
continued"
echo one \
  two
