shopt -s expand_aliases
alias run='echo ' word=expanded
run word
run word word
alias twice='run '
twice word
alias plain=echo
plain word
