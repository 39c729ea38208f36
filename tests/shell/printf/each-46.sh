printf '%s\c' a; echo
