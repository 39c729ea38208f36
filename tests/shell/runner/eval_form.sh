(eval $'export CI=\'true\'\nset -o pipefail\necho "in eval $CI"\nfalse | true\necho "status $?"\n') < /dev/null
echo $?
: | eval $'echo legacy\nexit 3'
echo $?
