echo -E 'a\tb'; echo -ne 'x\n'; echo -nE 'y\n'; echo
