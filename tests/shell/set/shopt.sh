shopt -s extglob; shopt extglob; shopt -q extglob; echo $?
shopt -u extglob; shopt -q extglob; echo $?
shopt nosuch 2>/dev/null; echo $?
