set -m; sleep 1 & jobs; fg; echo $?; jobs;
set +m; fg %1; bg
