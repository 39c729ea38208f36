trap 'exit 1' TERM
if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit
set +o noclobber
: | eval $'export FOO=$\'a b\'\necho $\'\\x1b[32;1m$ echo hi\\x1b[0;m\' | od -c | head -1\necho "$FOO"\n'
exit 0
