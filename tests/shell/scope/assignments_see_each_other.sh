A=1 B="[$A]" C="<$B$D>" D=4 env | grep -E '^[ABCD]=' | sort
A=old
A=new B=$A env | grep -E '^[AB]=' | sort
