show() { echo "$#:" "${@/#/<}"; }
e=
show $e; show "$e"; show ''$e; show $e""; show "$@"; show "$@"''; show x"$@"y
a=(); show "${a[@]}"; show "${a[*]}"; show "${a[@]}$e"; show "${a[@]}"''
