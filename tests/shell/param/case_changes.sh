x='hello World' a=(one two)
echo "${x^} ${x^^} ${x,} ${x,,} ${x~~} ${x^[lo]} ${x^^[lo]} ${a[@]^} ${a[*]^^[o]}"
y=éàß; echo "${y^^} ${y^}"
p=l; echo "${x^^$p}" "${x^^"$p"}"
