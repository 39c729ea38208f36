set -e
sh -c 'kill -TERM $$' || true
sh -c 'kill -KILL $$' || true
sh -c 'kill -INT $$' || true
sh -c 'kill -HUP $$' || true
trap 'echo t' TERM
sh -c 'kill -TERM $$' || true
(kill -TERM $BASHPID) || true
(kill -KILL $BASHPID) || true
sh -c 'kill -KILL $$' | cat || true
sh -c 'kill -KILL $$' & wait $! || true
sh -c 'kill -USR1 $$' & wait || true
sh -c 'kill -9 $$'; true
