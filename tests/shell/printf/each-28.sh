printf '%ld %hd %lld\n' 1 2 3
