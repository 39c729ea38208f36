printf '%c%c\n' abc ''
