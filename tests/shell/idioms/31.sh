echo -e "1\t2\\n3" ; echo 'a\tb' ; echo -e '\u00e9\x41'
