s='hELLO wORLD'
echo "${s^} ${s^^} ${s,} ${s,,} ${s~~}"
echo "${s^^[lo]} ${s,,[A-M]}"
a=(one two); echo "${a[@]^}" "${a[@]^^}"
