printf 'a\cb'; echo
