printf -v 'a[2]' x; declare -p a
