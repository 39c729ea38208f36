set -m; sleep 0.1 & jobs; fg; echo $?; jobs; sleep 5 & kill %1; wait %1; echo $?
set +m; fg %1; bg
