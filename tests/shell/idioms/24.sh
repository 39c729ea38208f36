f() { local IFS=,; echo "$*"; }; f a b c
