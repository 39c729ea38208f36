! echo a | grep -q b; echo $?
! echo a | grep -q a; echo $?
