exec 3>&1 5>f5
(echo three >&3; echo five >&5)
x=$(echo captured; echo to three >&3); echo "<$x>"
echo a | { cat; echo group >&3; } > piped
{ (echo nested >&4) 4>&3; } 3>f3
bash -c 'echo child three >&3; echo child five >&5'
exec 3>&- 5>&-
cat f5 piped f3
