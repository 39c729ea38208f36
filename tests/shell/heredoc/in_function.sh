f() {
  cat <<E
arg $1
E
}
f a; f b
