retry() { local n=1 max=$1; shift; until "$@"; do if [ $n -ge $max ]; then echo "giving up after $n"; return 1; fi; n=$((n+1)); echo "retry $n"; done; }
attempts=0; flaky() { attempts=$((attempts+1)); [ $attempts -ge 3 ]; }
retry 5 flaky; echo "$? $attempts"
retry 2 false; echo $?
