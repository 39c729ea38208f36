p=/usr/local/lib/file.tar.gz
echo "${p##*/} ${p#*/} ${p%/*} ${p%%/*} ${p%.*} ${p%%.*} ${p##*.}"
x=aaa; echo "${x#a} ${x##a} ${x##*a} ${x%a} ${x%%a*}"
y='[x]y'; echo "${y#[x]} ${y#\[x]} ${y#"[x]"}"
pat='*/'; echo "${p##$pat} ${p##"$pat"}"
