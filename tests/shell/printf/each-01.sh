printf '%s %d %i %u %o %x %X %c %% %b %q\n' str 12 -3 4 8 255 255 char 'a\tb\n' "it's"
