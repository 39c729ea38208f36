shopt -s expand_aliases
alias a='echo from alias'; a 2>/dev/null || echo "not on the same line"
a
a && unalias a
a 2>/dev/null || echo gone
