trap 'echo no' EXIT
trap - EXIT
trap 'echo yes' EXIT
trap -p EXIT
