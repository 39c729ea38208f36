printf 'b 10\na 9\nc 1\nb 2\n' > f
sort f; sort -r f; sort -k2 -n f; sort -k1,1 -k2,2nr f; sort -u -k1,1 f; printf '10\n9\n1\n' | sort -n; printf 'v1.10\nv1.9\n' | sort -V; printf '2K\n1M\n' | sort -h; sort -t' ' -k2,2 f; sort -c f; echo $?; sort f | sort -c; echo $?; sort -m f f | wc -l; sort -o f f; cat f; printf 'b\0a\0' | sort -z | tr '\0' '\n'; printf 'B\na\n' | sort -f; sort nofile 2>/dev/null; echo $?
seq 1 20000 | sort -n | tail -1; seq 20000 -1 1 | sort -n | head -1
