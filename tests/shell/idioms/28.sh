declare -A h; h[a]=1; h[b]=2; for k in $(echo "${!h[@]}" | tr ' ' '\n' | sort); do printf '%s=%s;' "$k" "${h[$k]}"; done; echo
