# Reads commands from a terminal, one after the other, until they are complete. Ctrl-C ends what
# runs, or gives up the line; Ctrl-D ends the shell with the status of the last command.
set -o pipefail
trap : INT
__status=0
__restore() { return "$__status"; }
while :; do
  printf '%s' "($GREENROOM_SHELL) ${PWD}\$ " >&2
  IFS= read -r __line; __read=$?
  if [ "$__read" -gt 128 ]; then echo >&2; continue; fi
  if [ "$__read" -ne 0 ] && [ -z "$__line" ]; then echo >&2; exit "$__status"; fi
  while case $__line in *\\) true ;; *) ! bash -n -c "$__line" 2>/dev/null ;; esac; do
    printf '> ' >&2
    IFS= read -r __more || break
    __line="$__line
$__more"
  done
  __restore
  eval "$__line"
  __status=$?
done
