printf '\x41\101\u00e9\U1F600\n'
