printf '%s=%d\n' a 1 b 2 c
printf 'no format\n' extra
printf '%s %s|' 1 2 3; echo
