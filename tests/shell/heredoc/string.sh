x='a  b'
cat <<< "$x"
cat <<< $x
cat <<<word
cat <<< 'multi
line'
read -r a b <<< "one two three"; echo "$a|$b"
