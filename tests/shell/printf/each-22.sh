printf '%s' ; echo "<$?>"
