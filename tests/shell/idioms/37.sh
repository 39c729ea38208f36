echo "quote's" 'dq"in' "a"'b'"c" a\ b "$(echo "x y")"
