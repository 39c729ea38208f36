set -o posix
set -e; false | true; echo a; x=$(false; echo b); echo no
