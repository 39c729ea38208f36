set -o posix
: > /nonexistent/x; echo no
