trap 'echo parent' EXIT
(echo sub)
(trap 'echo child' EXIT; echo sub2)
x=$(trap 'echo captured' EXIT; echo body)
echo "<$x>"
