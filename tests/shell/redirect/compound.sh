for i in 1 2; do echo $i; done > loop; cat loop
if true; then echo yes; fi > iff; cat iff
while read -r l; do echo "got $l"; done < loop
f() { echo in f; } > ff
f; cat ff
( echo sub ) > s; cat s
