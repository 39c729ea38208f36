printf '%#x %#o\n' 255 8
