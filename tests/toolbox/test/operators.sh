printf x > f; mkdir d; ln -s f l; touch -d 2000-01-01 old
t() { command env test "$@"; echo "$* $?"; }
t -f f; t -d d; t -h l; t -e nofile; t -s f; t -s old; t f -nt old; t old -nt f; t 1 -eq 01; t a = a; t a != a; t -n ''; t -z ''; t x; t ''; t ! -f f; t a = b -o 1 -lt 2; t a = a -a 2 -lt 1; t '(' a = a ')'; t -r f; t f -ef l
env test 1 -eq x 2>/dev/null; echo $?
env [ a = a ]; echo $?; env [ a = a 2>/dev/null; echo $?
