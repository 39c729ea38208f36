env -i A=1 bash -c 'echo $A ${HOME-nohome}'
A=1 B=2 bash -c 'echo $A$B'
bash -c 'echo "$0 $1 $#"' name arg
