x=1  y=$BASH_COMMAND; echo "$y"
f() { echo "$BASH_COMMAND" 2>&1  >&2; } 2>&1
f  a  "b c"
trap 'echo "failed: $BASH_COMMAND"' ERR
false  with   'args'  > /dev/null
[[ a  ==  b ]]
