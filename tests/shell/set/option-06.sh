set -e; shopt -s inherit_errexit
x=$(false; echo a) || echo failed
echo "$(false; echo b)"
echo c
y=$(false; echo b)
echo no
