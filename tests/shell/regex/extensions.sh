t() { [[ $1 =~ $2 ]] && printf '<%s>' "${BASH_REMATCH[@]}" || printf no; echo; }
t 'a foo b' '\bfoo\b'; t afoo '\<foo'; t foo_1 '^\w+$'; t 'a  b' 'a\s+b'; t abab '(ab)\1'; t aXbX 'a(.)b\1'; t aXbY 'a(.)b\1'
t 'a+b' 'a\+b'; t aab 'a{2}b'; t aaaa '^a{,3}$'; t aaa '^a{,3}$'; t ab 'a(|x)b'; t x '()'
