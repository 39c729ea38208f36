echo -x; echo - ; echo --; echo -e -n x; echo
