set -o posix
true > /nonexistent/x; echo yes $?
