x=$(printf 'a\xffb'); printf '%s' "$x" | od -An -tx1 | tr -d ' \n'; echo
printf '\xc3\x28' > f; y=$(cat f); printf %s "$y" | od -An -tx1 | tr -d ' \n'; echo
case $x in a?b) echo one char;; esac
echo "${x%b}" | od -An -tx1 | tr -d ' \n'; echo
