set -euo pipefail
IFS=$'\n\t'
readonly DIR="$(pwd)"
log() { printf '[%s] %s\n' "${1}" "${2:-}" ; }
main() { local -r name="${1:?name required}"; log info "hello ${name}"; [[ -d $DIR ]] && log ok; }
main world
trap 'log trap "status $?"' EXIT
main
