trap 'echo "$BASH_COMMAND"' ERR
false   a    "b c" $x
y=`false`
! true
