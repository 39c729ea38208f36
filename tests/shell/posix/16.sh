set -o posix
exec > /nonexistent/x; echo no
