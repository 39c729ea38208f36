set -e
false &
wait $! || echo "status $?"
echo end
