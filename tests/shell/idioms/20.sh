case "$OSTYPE" in linux*) echo l;; *) echo o;; esac
