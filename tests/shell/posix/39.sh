set -o posix
type eval; type test; type -t f; command -V export; command -v :
