wait_for() { for _ in 1 2 3; do "$@" && return 0; done; return 1; }; wait_for false; echo $?; wait_for true; echo $?
