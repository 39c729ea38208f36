for i in $(seq 3); do case $i in 2) continue;; esac; echo $i; done | paste -sd' '
