printf "%s\n" "${a[@]}" 
