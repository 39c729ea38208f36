set -o posix
for r in 1 2; do :; done; readonly r; for r in 3; do echo x; done; echo no
