# A reader that has enough ends the writer quietly.
yes | head -1; echo "${PIPESTATUS[0]}"
seq 1 100000 | head -2; echo "${PIPESTATUS[0]}"
cat /dev/zero | head -c 3 | od -An -c
yes abc | grep -m1 abc
yes | sed 1q
yes 1 | awk '{exit}'; echo "${PIPESTATUS[1]}"
awk 'BEGIN{while(1) print "x"}' | head -1
find / -maxdepth 1 2>/dev/null | head -1
