printf 'a b\nc d\n' > t; mapfile -t m < t; echo "${m[1]}"; read -r x y < t; echo $y; wc -l < t | tr -d ' '
