set -o posix
echo "$BASH_VERSION" | grep -c 5.2; echo $0 | grep -c .; set -o | grep posix; echo $POSIXLY_CORRECT; echo $SHELLOPTS | grep -c posix; set +o posix; set -o | grep posix; echo ${POSIXLY_CORRECT-unset}
