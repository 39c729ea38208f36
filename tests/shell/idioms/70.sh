set -u; f() { echo "${1:-none}"; }; f; f a; echo "${@:-noargs}"; x=(); echo ${#x[@]}; echo "${x[@]}"; echo $zz; echo never
