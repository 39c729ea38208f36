printf '<%s>' $(echo 'a  b'; echo c); echo
printf '<%s>' "$(echo 'a  b'; echo c)"; echo
printf '<%s>' "$(printf 'x\n\n\n')"; echo
