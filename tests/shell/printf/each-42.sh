printf '%i\n' +5 ' 5' '5 '
