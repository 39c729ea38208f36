printf '%(%s)T\n' 123
