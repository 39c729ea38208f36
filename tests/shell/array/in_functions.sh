f() { local -a l=(1 2 3); l+=("$@"); echo "${#l[@]} ${l[-1]}"; }; f x y
g() { local -n ref=$1; ref=(n e w); }; g out; echo "${out[@]}"
