s='echo deep'
for i in {1..20}; do s="echo \$($s)"; done
eval "$s"
t=x; for i in {1..100}; do t="\${u-$t}"; done
eval "echo \"$t\""
