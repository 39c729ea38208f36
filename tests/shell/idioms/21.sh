out=$(false) || echo "failed with $?"; if ! out=$(exit 3); then echo "st $?"; fi
