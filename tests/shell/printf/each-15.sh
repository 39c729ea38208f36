printf '%d %d\n' "'a" '"é'
