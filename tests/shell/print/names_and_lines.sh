f() { :; }

g() {
  :
}
shopt -s extdebug
declare -F f g | sed 's|/.*/||'
shopt -u extdebug
declare -F f; declare -F | head -2; declare -F nosuch; echo $?
