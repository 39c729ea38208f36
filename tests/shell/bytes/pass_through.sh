head -c 256 /dev/zero | tr '\0' '\377' > f; x=$(cat f); echo ${#x}; printf %s "$x" | cmp - f && echo same
