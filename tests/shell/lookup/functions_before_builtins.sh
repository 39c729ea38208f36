cd() { echo "cd wrapper $1"; builtin cd "$1"; }
mkdir d; cd d > /dev/null; basename "$PWD"
unset -f cd; test() { echo mine; }; test; command test 1 = 1; echo $?
