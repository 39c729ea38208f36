a=1 b=2
echo {$a,$b}x ${a}{x,y} {$a..$b} "{a,b}" {"a b",'c d'} {`echo q`,$(echo r s)} ${a,b}
eval "echo {$a..3}"
set +B; echo {a,b}; set -B; echo {a,b}
