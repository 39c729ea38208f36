[ "$#" -eq 0 ] && echo none; [ -z "${1+x}" ] && echo unset
