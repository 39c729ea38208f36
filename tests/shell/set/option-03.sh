set -e
(set +e; false; echo a)
(false; echo b) || echo c
{ false; echo d; } || echo e
(false; echo f)
echo no
