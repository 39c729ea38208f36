for s in ')' 'a )' 'a ;;' '; a' '| a' 'a | | b' '&& a' 'a && || b' 'fi' 'then' 'done' '}' 'if ; then a; fi' 'for; do' 'case x y' '( )' '{ }' 'a () b' 'for ((1)); do :; done' 'echo > ;' 'a=1 (b)' 'in' 'while true; do done' 'f() { }' 'select x in a; done'; do
  printf '%s\n' "$s" > s.sh
  bash s.sh 2>&1 | grep -v ': column '; echo "= ${PIPESTATUS[0]}"
done
