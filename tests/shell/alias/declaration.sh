shopt -s expand_aliases
alias ex=export loc=local
words='a b  c'
ex copy=$words
echo "$copy"
f() { loc v=$words; echo "$v"; }
f
