set -o posix
trap - 0; trap 'echo bye' 0; trap; trap 0
