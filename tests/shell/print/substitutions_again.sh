f() {
  a=$( (echo x; echo y) | cat )
  b=$(
    echo one
    { echo two; echo three
    }
  )
  c=`echo \
    joined` d="q \
r" e=${x:-$(  a  2>/dev/null )} g=$(( $(  b ) + 1 ))
  for ((;;)); do break; done
  cat <<\E >&"$fd" <&- 3<&-
E
  echo "$( ( (a) ) )"
}
declare -f f
