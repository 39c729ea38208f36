UID=5; echo "same line is given up"
echo "$?"
PPID=x bash -c 'case $PPID in x) echo taken;; *) echo own;; esac'
declare -p UID EUID
