f() { echo "${FUNCNAME[*]} ${BASH_LINENO[*]} ${#BASH_SOURCE[@]} $LINENO"; g; }
g() { echo "${FUNCNAME[*]} ${BASH_LINENO[*]}"; caller 0 | sed 's|/.*/||'; }
f
echo "${FUNCNAME[0]-none} ${#FUNCNAME[@]}"
eval 'f'
bash -c 'h() { echo "${FUNCNAME[*]}"; }; h'
echo 'h() { echo "${FUNCNAME[*]} ${BASH_LINENO[*]}"; }; h' | bash
