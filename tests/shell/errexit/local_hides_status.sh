set -e
f() { local x=$(false); echo "hidden $?"; local y; y=$(false); echo not reached; }
f
