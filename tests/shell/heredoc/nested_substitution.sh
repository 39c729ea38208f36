cat <<E
outer $(cat <<I
inner $((1+1))
I
)
E
x=$(cat <<'E'
quoted $x 'q' "d" `b`
E
)
echo "$x"
