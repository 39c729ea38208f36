echo() { printf 'function %s\n' "$1"; }
echo a; command echo b; builtin echo c; unset -f echo; echo d
command -v nosuch || printf 'no\n'
cat() { printf shadow; }; printf 'x\n' | command cat
