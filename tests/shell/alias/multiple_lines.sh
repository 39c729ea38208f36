shopt -s expand_aliases
alias two='echo first
echo second'
two
two; echo $LINENO
alias nothing=
nothing
nothing echo after
echo $LINENO
