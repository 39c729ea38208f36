f() {
  nosuch1
  if true; then

    nosuch2 \
      argument
  fi
  cat <<E >/dev/null
text
E
  nosuch3
}
f
x=$(nosuch4)
(
  nosuch5
) | cat
