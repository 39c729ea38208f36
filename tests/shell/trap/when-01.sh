set -e; trap 'echo "leaving with $?"' EXIT; (exit 7)
