echo {a..c}{1..2} | tr ' ' '\n' | wc -l | tr -d ' '
