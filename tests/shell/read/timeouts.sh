sleep 1 | { read -t 0.1 x; [ $? -gt 128 ] && echo timed out; }
