printf '%s\n' "${a[@]/#/x}" ; a=(1 2); echo "${a[@]/#/x}"
