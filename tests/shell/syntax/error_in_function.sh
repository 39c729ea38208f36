f() {
  echo a
  if
}
echo b
