trap 'echo A; exit 5' EXIT
exit 3
