f() {
  local x="a b" y=$'c\td'
  for i in "$@" $(echo  one   two); do
    case $i in a*|b) echo "$i" ;; *) ((n++)) || true ;; esac
  done
  if [[ $x = a* && -n $y ]]; then echo "$x|$y|$n"; else return 3; fi
  cat <<E
$x
E
}
text=$(declare -f f)
f a1 b c; before=$?
unset -f f; unset n; eval "$text"
f a1 b c; [[ $? == "$before" && $(declare -f f) == "$text" ]] && echo same
