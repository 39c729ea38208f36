s=foo.bar.baz; IFS=. read -ra p <<< "$s"; echo "${#p[@]} ${p[-1]}"
