f() {
  echo > a 2>&1 < b 2>>c &>d &>>e >|f <>g <<<"here $x" 3>&- {fd}>x 4<&5- 1>&2 >&2 0<i 2>j
  { echo redir; } > file 2>&1
  (sub) < in
  if x; then y; fi > out
  while read l; do echo $l; done < f | sort
}
declare -f f
