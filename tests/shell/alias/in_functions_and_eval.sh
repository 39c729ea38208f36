shopt -s expand_aliases
alias g='echo old'
f() { g; }
alias g='echo new'
f
g
eval 'alias late="echo late"
late'
late
