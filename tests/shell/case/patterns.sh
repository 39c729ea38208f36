t() { case $1 in
  a|b) echo ab;;
  [0-9]*) echo digit;;
  "*") echo star;;
  *.txt) echo txt;;
  '') echo empty;;
  *) echo other;;
esac; }
for x in a b 5x '*' f.txt '' zzz; do t "$x"; done
