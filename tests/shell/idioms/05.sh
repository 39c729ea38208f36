f() { echo "$@" | tr ' ' '\n' | sort -u | paste -sd,; }; f b a b
