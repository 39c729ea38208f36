printf '%s\n' $'tab\there' $'nl\nhere' $'q\'q' $'\x41\102\u00e9' $'back\\slash'
echo $'a'$'b'"c"'d'
