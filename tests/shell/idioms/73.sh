exec 5<> rw; echo data >&5; cat rw; exec 5>&-; : > rw; [ -s rw ] || echo empty
