echo $((RANDOM >= 0)) $((SECONDS < 100)) ${#BASHPID} | sed 's/[0-9]*$/n/'
echo $LINENO
f() { echo $LINENO; }
f
echo "$BASH_VERSION" | grep -c '^5\.'
echo ${BASH_VERSINFO[0]}
[ "$$" -gt 0 ] && echo pid; [ -n "$PPID" ] && echo ppid
echo "$_" > /dev/null; : last; echo $_
