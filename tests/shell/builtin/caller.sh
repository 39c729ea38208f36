f() { caller | cut -d' ' -f1; caller 0 | cut -d' ' -f1,2;  echo $?; echo ${FUNCNAME[@]} ${BASH_LINENO[@]} $LINENO; }
g() {
  f
}
g
caller; echo $?
echo ${FUNCNAME[0]-none} ${BASH_LINENO[@]} ${#BASH_SOURCE[@]}
cat > inc.sh <<'X'
echo "src ${BASH_SOURCE[0]} $LINENO ${#BASH_SOURCE[@]} ${FUNCNAME[@]} ${BASH_LINENO[@]}"
h() { echo "h ${BASH_SOURCE[@]##*/} ${BASH_LINENO[@]} ${FUNCNAME[@]}"; nonexistcmd; }
h
return 3
X
. ./inc.sh; echo $?
h
source ./inc.sh a b
echo $0 | grep -c .

