trap 'echo a' INT
trap "echo 'b'" TERM EXIT
trap
trap - EXIT
