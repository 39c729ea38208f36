f() { for i in 1 2 3; do echo $i; done; return 4; }
f | cat > /dev/null; echo "${PIPESTATUS[@]}"
