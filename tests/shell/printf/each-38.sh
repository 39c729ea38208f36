printf '%b' '\u20ac \x41 \n'
