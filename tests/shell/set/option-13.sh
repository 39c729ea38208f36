set -v
echo a
f() {
  echo b
}
f
set +v
echo c
