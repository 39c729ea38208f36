set -u
echo "${@}" "$*" "$#"
a=()
echo "${a[@]}" x
echo "${#a[@]}"
echo ${a[0]-d}
(echo $nope; echo no)
echo sub $?
x=$(echo $nope)
echo $?
f() { echo $nope; }
f || echo caught
echo no
