alias b='two words' a="it's" c=
alias
alias b nosuch
echo $?
unalias nosuch b; echo $?
unalias -a; alias; echo $?
unalias; echo $?
alias 'x y=1'; echo $?
