set -e
eval 'false' || echo caught
eval 'echo in eval; false; echo no'
echo not reached
