f() { echo "in child: $1"; if true; then echo "$(echo  nested)"; fi; }
export -f f
bash -c 'f x; declare -f f'
g() ( echo sub )
export -f g
bash -c g
