stack=()
defer() { stack+=("$(printf '%q ' "$@")"); }
cleanup() { local i; for ((i = ${#stack[@]} - 1; i >= 0; i--)); do eval "${stack[i]}"; done; }
trap cleanup EXIT
defer echo first "a  b"; defer echo second '$HOME' "it's"
exit 3
