read -t 0 x < /dev/null; echo $?
echo hi | { sleep 1; read -t 0; echo $?; read x; echo $x; }
sleep 1 | { read -t 0; echo $?; }
{ sleep 3; echo late; } | { read -t 0.1 x; echo $? "<$x>"; }
{ printf part; sleep 4; } | { read -t 1.5 x; echo $? "<$x>"; }
{ sleep 0.1; echo in; } | { read -t 2 x; echo $? "<$x>"; }
read -t -1 x; echo $?
read -t abc x; echo $?
TMOUT=0.1; sleep 3 | { read x; echo $?; }
