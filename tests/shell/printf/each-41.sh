printf '%6.2s|\n' abcdef
