printf 'one 1\ntwo 2\nthree 3\n' > f
sed 's/o/0/' f; sed 's/e/E/g' f; sed 's/e/E/2' f; sed -n '2p' f; sed -n '/two/,$p' f; sed '1d' f; sed '$d' f; sed -e '1d' -e 's/3/&&/' f; sed -E 's/([a-z]+) ([0-9])/\2 \1/' f; sed 's/\([a-z]*\) .*/\1/' f
echo a/b | sed 's|/|-|g'; sed '$a\end' f; sed '2i\before' f; sed '2c\changed' f; sed -n '$=' f; sed '1!G;h;$!d' f; printf 'k=v\n' | sed -n 's/^k=//p'; sed y/ot/OT/ f; sed 2q f; sed -n '/one/{s/1/x/;p}' f; sed '/two/!d' f
cp f g; sed -i 's/one/ONE/' g; cat g; sed -i.bak 's/two/TWO/' g; ls g*; cat g.bak; sed 's/ONE/one/;s/TWO/two/' g; sed '1~2d' f; sed '/one/,+1d' f; sed 's/[0-9]/<&>/;s/^/> /' f; sed 's/o/\n/' f; sed ':a;N;$!ba;s/\n/,/g' f; printf 'a\nb\n' | sed 'N;P;D'
sed -n 'l' <<< "$(printf 'a\tb')"; sed = f | head -2; sed 's/x/y/;ta;s/$/!/;:a' f; echo 'a.b' | sed 's/\./-/'; echo aaa | sed 's/a*/x/'; echo hello | sed 's/l\+/L/'; sed -s -n '1p' f g; sed 's/ONE/x/I' f; printf 'x' | sed 's/x/y/'; sed 'w out' f > /dev/null; cat out; sed -f /dev/stdin f <<< 's/one/file/'
sed 's/a' f 2>/dev/null; echo $?; sed --posix -n p f; echo "${HOME:+x}" | sed "s#x#$PWD#" | grep -c /
