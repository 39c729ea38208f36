type echo ls if f nonexist; echo $?
f() { echo "hi"; return 1; }
type f; type -t f echo if ls nonexist; echo $?
type -a echo | head -1; type -p ls; type -P echo; type -p f; echo $?
command -v f echo if nonexist; echo $?
command -V f; command -V echo; command -V if; command -V nonexist; echo $?
command echo a; command f; command -p echo b; command; echo $?; command -x; echo $?
builtin echo c; builtin f; echo $?; builtin; echo $?; builtin nonexist; echo $?
hash ls; hash -t ls; hash -t ls cat; hash nonexist; echo $?; hash -d ls ; hash -r; hash; hash -p /bin/foo bar; hash -t bar
alias a='echo b'; alias; alias a; type a; alias nonexist; echo $?; unalias a; alias a; echo $?; unalias nonexist; echo $?; unalias; echo $?; unalias -a
type -x; echo $?; type; echo $?
type -f f; echo $?; type -at echo | head -1; type -ap f
