x=$'tab\there' y=$'q\'q' z=$'\x41\u00e9\101\e[0m\cA'
printf '%q\n' "$x" "$y" "$z"
echo "$'not'" ${u-$'in\tbrace'} "${u-$'kept'}"
case $'a\nb' in $'a\nb') echo same;; esac
a=($'one\ntwo'); echo "${#a[0]}"
