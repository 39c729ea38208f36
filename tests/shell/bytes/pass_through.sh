head -c 256 /dev/zero | tr '\0' '\377' > f; x=$(cat f); echo ${#x}; [ "$x" = "$(cat f)" ] && echo same
