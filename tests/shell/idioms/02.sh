a=(5 3 9); IFS=$'\n' sorted=($(sort <<<"${a[*]}")); echo "${sorted[@]}"
