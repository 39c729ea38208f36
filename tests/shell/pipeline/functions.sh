up() { tr a-z A-Z; }
pre() { while read -r l; do echo "$1$l"; done; }
echo hello | up | pre '> '
