printf 'a\tb\n'; printf '%s\n' x y; printf '%s-%s\n' 1 2 3
printf '%d %i %5d|%-5d|%05d %+d\n' 1 2 3 4 5 6
printf '%x %X %#x %o %u\n' 255 255 255 8 7
printf '%c%c\n' abc d; printf '%%\n'
printf '%5s|%-5s|%.2s|%*s\n' ab ab abc 4 x
printf '%s\n'; printf '[%s]' ; echo
printf '%b' 'a\nb\n'; printf '%s' 'a\nb'; echo
printf '\x41\101\n'; printf '%d\n' "'A" 0x1f 010
