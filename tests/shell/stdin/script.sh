printf 'echo a\nread x\nthe line\necho "got $x"\ncat\nrest 1\nrest 2\n' | bash
printf 'f() {\n echo multi\n}\nf\nexit 3\necho no\n' | bash -s; echo $?
echo 'echo "$1 $#"' | bash -s arg
