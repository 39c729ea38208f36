(exec echo replaced; echo no)
(exec nosuchcommand 2>/dev/null; echo no); echo $?
exec 5>&1; echo five >&5
