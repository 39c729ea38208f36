set -eo pipefail
true | true
echo fine
false | true || echo recovered
false | true
echo not reached
