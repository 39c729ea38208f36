f=/a/b/c.tar.gz
n=${f##*/}; echo "${n%%.*}" "${f%/*}" "${f//\//_}"
x=abc; echo "${x:${#x}-1}" "${x/${x:1:1}/Z}"
unset y; echo "${y:-${x:+${x^^}}}"
echo "${x:0:1}${x:1}" "${#f}"
