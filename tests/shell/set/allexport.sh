set -a; FOO_A=1; set +a; FOO_B=2; env | grep '^FOO_'
