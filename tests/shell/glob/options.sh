touch a.txt .b.txt
shopt -s nullglob; echo no*match end; shopt -u nullglob
shopt -s dotglob; echo *.txt; shopt -u dotglob
set -f; echo *.txt; set +f
shopt -s failglob; (echo zz*) 2>/dev/null; echo $?; shopt -u failglob
shopt -s nocaseglob; echo A*; shopt -u nocaseglob
