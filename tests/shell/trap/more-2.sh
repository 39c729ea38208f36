trap 'echo err' ERR
echo 'false; f() { false; }; f' > s.sh
. ./s.sh
