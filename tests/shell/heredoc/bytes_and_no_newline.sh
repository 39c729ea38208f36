printf 'cat <<E\nlast line' > s.sh
bash s.sh 2>/dev/null; echo "[$?]"
x=$'\xff\xfe'
cat <<E | od -An -tx1
$x
E
