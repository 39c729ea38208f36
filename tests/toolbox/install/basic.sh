echo x > f
install -D -m 644 f q/r/file && stat -c %a q/r/file
install f bin && stat -c %a bin
install -d -m 700 one/two && stat -c '%a %F' one/two
install -m 600 f bin && stat -c %a bin
install -t one f && ls one
install nofile x 2>/dev/null; echo $?
