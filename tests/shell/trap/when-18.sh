trap 'echo bye' EXIT
exec false
