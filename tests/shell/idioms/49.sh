f() { cat; }; f <<< one; echo two | f; f < <(echo three); f <<E
hd
E
