printf '%5%|\n'
