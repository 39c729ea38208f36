yes "" | head -2 | wc -l | tr -d ' '; seq 5 | tail -n +4; echo one two | wc -w | tr -d ' '
