echo -n a; echo -e 'a\tb\x41\0101\c no'; echo
