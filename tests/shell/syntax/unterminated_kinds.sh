for s in 'echo "a' "echo 'a" 'echo `a' 'echo $(a' 'echo ${a' 'echo $((1' '((1' 'if a' 'f() {' 'case a in' 'while :; do' 'cat <<E' '{ a' '(a' "echo \$'a" 'x[1'; do
  printf '%s\n' "$s" > s.sh
  bash s.sh 2>&1; echo "= $?"
done
