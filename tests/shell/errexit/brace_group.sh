set -e
{ false; echo group continues; } || echo no
{ false; echo no; }
echo not reached
