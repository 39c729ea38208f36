shopt -s expand_aliases
alias echo='echo [first]' ls='ls2 x' ls2='echo ls:'
echo a
ls
alias x=y y=x
x 2>/dev/null; echo $?
