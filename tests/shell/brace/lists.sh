echo {a,b,c} x{1,2}y {a,b}{1,2} {a,{b,c}}d
echo {1..5} {5..1} {1..10..3} {a..e} {e..a..2} {01..03} {-2..2}
echo {a} {a,b \{a,b\} "{a,b}" {a,'b c'} ${x:-{1,2}}
x=1; echo {$x,2}{3,4} {a,b}$x
echo pre{,fix} {,a}{,b}
mkdir -p t/{a,b}/{c,d}; find t -type d | sort
