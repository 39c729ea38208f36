printf '%-10s|%5d|%s\n' name 42 end; printf '%03d %x %o\n' 7 255 8; printf '%s\n' 'a\nb' "tab\there"
