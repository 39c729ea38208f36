a=(1 2 3)
for x in "${a[@]}"; do a+=(x); echo "$x"; done; echo ${#a[@]}
set -- p q
for x; do shift; set -- "$@" n; echo "$x"; done; echo "$*"
for x in $(echo a b); do x=changed; echo "$x"; done
while read -r l; do echo "<$l>"; [[ $l == b ]] && break; done < <(printf 'a\nb\nc\n')
