t() { if [[ $1 =~ $2 ]]; then printf '<%s>' "${BASH_REMATCH[@]}"; echo; else echo no; fi; }
t abcd 'a|ab|abc'; t abcd '(a|ab)(c|bcd)(d*)'; t foobar '(foo|foobar)(bar)?'; t aaaaa '(aa|aaa)*'
t xyyz 'x(y*)(y*)z'; t ab '^((a)|b)*$'; t xaby '(a)(b)?(c)?'; t 'key = value # c' '^([a-z]+) *= *([^#]*[^# ])'
t v1.22.333-rc.4 '^v?([0-9]+)\.([0-9]+)(\.([0-9]+))?(-(.*))?$'
