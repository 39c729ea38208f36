f() { return 5; }
f | cat; echo ${PIPESTATUS[0]}
echo x | f; echo $?
