set -o posix
kill -l | head -1; kill -l 9
