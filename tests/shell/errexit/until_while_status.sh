set -e
while true; do break; done
until false; do break; done
i=0
while [ $i -lt 2 ]; do i=$((i+1)); done
echo $i
