set -o posix
export() { :; }
