t() { case $1 in
  [a-c]|x?z) echo "first $1" ;;
  "*") echo star ;;
  *.tar.[gx]z) echo archive ;;
  ("") echo empty ;;
  [!0-9]*[0-9]) echo ends in a digit ;;
  \?) echo question ;;
  é*) echo accented ;;
  *) echo "other $1" ;;
esac; }
for w in a xyz '*' f.tar.xz '' ab1 '?' été 12 '[a-c]'; do t "$w"; done
