set -- one two three
echo "${@/o/0}" "${*#t}" "${@%e}"
echo "${@:1:1}" "${#@}"
IFS=-; echo "${*:2}"
