shopt -s expand_aliases
alias e='echo alias'
\e 2>/dev/null || echo escaped
'e' 2>/dev/null || echo quoted
"e" 2>/dev/null || echo double
n=e; $n 2>/dev/null || echo from a variable
e "$(e inner)"
