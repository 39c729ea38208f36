x=outer
f() { echo $x; x=inner; }
x=temp f; echo $x
IFS=: read -r a b <<< "1:2"; echo "$a $b"; printf '%q\n' "$IFS"
show() { env | grep '^ZZ='; }; ZZ=1 show; env | grep '^ZZ=' || echo none
