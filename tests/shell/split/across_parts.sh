a='x ' b=' y' c='z'
printf '<%s>' $a$b; echo
printf '<%s>' $a$c; echo
printf '<%s>' $c$c; echo
printf '<%s>' "$a"$b; echo
printf '<%s>' $a"$b"; echo
