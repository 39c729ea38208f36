alias hello='echo hi'
hello 2>/dev/null || echo "not expanded: $?"
alias
