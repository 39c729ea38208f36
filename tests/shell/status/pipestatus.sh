true | (exit 2) | (exit 3); echo "${PIPESTATUS[@]}"
echo "${PIPESTATUS[@]}"
(exit 5); echo "${PIPESTATUS[0]}"
set -o pipefail
(exit 2) | (exit 3) | true; echo $?
