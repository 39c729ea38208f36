printf '%(%Y-%m-%d)T\n' 0
TZ=UTC printf '%(%F %T)T\n' 86400
