s='a b'; a=(x 'y z')
echo "${s@Q} ${s@U} ${s@u} ${s@L}"
echo "${a[@]@Q}"
declare -i n=5; declare -rx c=1
echo "${n@a} ${c@a} ${a@a}"
x='a\tb'; echo "${x@E}"
echo "${s@A}"
