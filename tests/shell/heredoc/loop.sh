for i in 1 2; do cat <<E; done
i=$i
E
