shopt -s expand_aliases
alias begin='if true; then' end='fi' each='for i in' '{{'='{'
begin echo inside; end
each 1 2; do echo $i; done
{{ echo group; }
alias pipe='| tr a-z A-Z'
echo text pipe
