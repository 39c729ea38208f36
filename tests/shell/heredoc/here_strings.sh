x='a  b'
cat <<< $x; cat <<< "$x"; cat <<< 'q'"$x"$(echo z); cat <<< {a,b}; cat <<< *
cat <<< ${u:-default}; cat <<<"
two lines"
tr -d '\n' <<< text; echo
