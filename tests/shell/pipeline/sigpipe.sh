yes | head -1
(while :; do echo y; done) | head -2
for ((i=0;;i++)); do echo $i; done | head -3
set -o pipefail; while :; do echo y; done | head -1 > /dev/null; echo $?
