f() { :; }
type -t f echo if cat nosuch; echo $?
type echo if
command -v echo f if nosuch; echo $?
command -v cat > /dev/null && echo found
type -P echo > /dev/null && echo file too
