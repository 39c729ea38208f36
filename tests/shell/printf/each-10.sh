printf '%(%Y-%m-%d)T\n' 0
