(exit 3) | true; echo ${PIPESTATUS[*]}; false | (exit 2); echo $?; set -o pipefail; false | true; echo $?
