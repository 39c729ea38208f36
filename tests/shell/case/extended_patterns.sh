shopt -s extglob
t() { case $1 in
  @(foo|bar)) echo "one of: $1" ;;
  +([0-9])) echo "number: $1" ;;
  !(*.txt|*.md)) echo "no text: $1" ;;
  *(a|b).txt) echo "ab: $1" ;;
  ?(x)*.md) echo "md: $1" ;;
  *) echo "rest: $1" ;;
esac; }
for w in foo 42 x.c abba.txt .txt x.md q.txt 4a; do t "$w"; done
line='*([foo'
echo "${line##*([}" "${line#@(\*|x)}"
