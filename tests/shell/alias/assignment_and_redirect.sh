shopt -s expand_aliases
alias put='> out.txt echo' var='X=1 Y=2'
put text; cat out.txt
var env | grep -E '^[XY]=' | sort
Z=3 put more; cat out.txt
