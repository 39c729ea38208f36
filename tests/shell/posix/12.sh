set -o posix
readonly r=1; unset r; echo no $?
