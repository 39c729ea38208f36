printf '%Q|%.3Q\n' 'a b' 'a bcd'
