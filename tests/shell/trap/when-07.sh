trap 'echo exit' EXIT
(trap 'echo sub exit' EXIT; echo x)
(echo y)
(trap; trap 'echo b' INT; trap)
trap -p
trap -p EXIT INT
trap - EXIT
trap
