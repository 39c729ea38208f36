(exec -a x bash -c 'echo $0'); exec 3>out; echo hi >&3; exec 3>&-; cat out; exec < out; read x; echo $x; exec 4<&0 5>&1; echo x >&5; exec nosuch 2>/dev/null; echo no
