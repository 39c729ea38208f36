f() { [ $# -lt 1 ] && { echo usage; return 64; }; echo "ok $1"; }; f; echo $?; f z
