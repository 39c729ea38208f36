for p in '*' 'a|*b' '(' 'a{' 'a{2,1}' '[z-a]' '[[:foo:]]' '[a' 'a\' '(a)\2' '^*'; do
  [[ a =~ $p ]]; echo "$p $?"
done
[[ x =~ (x) ]]; p='['; [[ a =~ $p ]]; echo "${BASH_REMATCH[1]}"
