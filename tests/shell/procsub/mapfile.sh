mapfile -t a < <(printf 'x\ny y\nz\n')
echo ${#a[@]} "${a[1]}"
