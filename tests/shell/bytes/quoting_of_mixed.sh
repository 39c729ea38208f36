for s in $'\xce' $'\xce\xce\xbc' $'\xce\xbc\xce' $'\xcea' $'a\xce' 'é' $'é\n'; do
  printf '%q ' "$s"; echo "${s@Q}"
done
