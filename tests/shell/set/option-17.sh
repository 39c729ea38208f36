set -o | head -30
set +o | head -30
echo $-
set -e; echo $-
echo $SHELLOPTS
shopt | wc -l
shopt -s nullglob; shopt -q nullglob; echo $?
shopt -p nullglob extglob
shopt -o -p errexit
shopt nosuch; echo $?
shopt -u nullglob; shopt nullglob; echo $?
shopt -s nosuch; echo $?
set -o nosuch; echo $?
set -Z; echo $?
