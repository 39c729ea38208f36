echo -n no newline; echo
echo -e 'a\tb\nc' 'd\\e' '\x41' '\0101'
echo -E 'a\tb'; echo 'a\tb'
echo -ne 'x\n'; echo -nope; echo - ; echo -- ; echo -e 'stop\chere'; echo
echo "-n"; echo '' ; echo
