cat <(echo one) <(echo two)
while read -r a <&3 && read -r b <&4; do echo "$a-$b"; done 3< <(printf '1\n2\n') 4< <(printf 'x\ny\n')
f() { cat "$1"; }; f <(echo in function)
x=$(cat <(echo nested)); echo "$x"
echo text > >(tr a-z A-Z); wait $!
