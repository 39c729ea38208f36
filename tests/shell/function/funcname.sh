f() { echo "${FUNCNAME[0]} ${FUNCNAME[1]}"; g; }
g() { echo "${FUNCNAME[*]}"; }
f
