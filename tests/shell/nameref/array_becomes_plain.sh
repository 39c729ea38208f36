declare -n r
r=(x y)
declare -p r
