test -d / -a -r / && echo ok; [ ! -e /nope ] && echo nope
