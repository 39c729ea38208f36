printf 'b 2\na 1\nc 3\n' > f; printf 'x\n' > g; mkdir d; printf 'a in d\n' > d/h
grep -n a f; grep -c . f; grep -v a f; grep zzz f; echo $?; grep -E 'a|b' f; grep -o '[0-9]' f; grep -q a f && echo yes
grep x nofile 2>&1; echo $?; grep -s x nofile; echo $?; grep -rn 'a' d; grep -r 'in' . | sort; echo 'foo(bar)' | grep -F '(bar'
grep -A1 -n b f; grep -B1 a f; grep -C1 a f; printf '1\n2\n3\n4\n5\n6\n7\n' | grep -A1 -e 1 -e 5
grep -i A f; grep -w a f; grep -x 'a 1' f; grep -l a f g; grep -L a f g; grep -e a -e b f; grep a f g; grep -h a f g; grep -H a f
printf 'aa\nab\n' | grep '\(a\)\1'; printf 'ab12\n' | grep -oE '[a-z]+|[0-9]+'; grep -P '^\w+ \d$' f; printf 'a\n' > p; grep -f p f
grep -m1 . f; grep -vn a f; grep -ci A f; grep '^$' f; echo $?; printf 'a\n\nb\n' | grep -n '^$'; grep -rl a . --include='h*'; grep -r a . --exclude-dir=d | sort
grep '\bb\b' f; grep '\<a' f; grep 'a\|c' f; grep -E '^.{3}$' f; grep -E 'x{2' f; echo $?; grep '[' f 2>/dev/null; echo $?; egrep 'a|c' f; fgrep 1 f
printf 'a\0b\n' | grep b; printf 'k=v\n' | grep -oP '(?<=k=).*'; grep --color=always a f; grep -b 1 f; grep 2>/dev/null; echo $?
