x=1; (x=2; cd /; y=3; echo $x); echo $x "${y-unset}"
pwd | grep -q '^/$' || echo not root
(set -e; false; echo no); echo $?
(exit 3); echo $?
f() { echo f; }; (f() { echo inner; }; f); f
(trap 'echo t' EXIT); echo $BASH_SUBSHELL; (echo $BASH_SUBSHELL; (echo $BASH_SUBSHELL))
