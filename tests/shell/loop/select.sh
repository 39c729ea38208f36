PS3='choose: '
printf '2\nx\n1\n' | { select x in apple 'b c' pear; do echo "<$x> $REPLY"; [ "$REPLY" = 1 ] && break; done; echo "end $?"; } 2>/dev/null
