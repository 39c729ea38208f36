set -e
x=$(false; echo continues)
echo "x=$x"
echo "$(false)" substitution as an argument is ignored
x=$(exit 3)
echo not reached
