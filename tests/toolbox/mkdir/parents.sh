mkdir a && mkdir a 2>&1; echo $?
mkdir x/y 2>&1; echo $?
mkdir -p x/y/z x/y && find x
mkdir -m 700 p && stat -c %a p
mkdir -pv q/r
touch f; mkdir -p f 2>&1; echo $?; mkdir f/g 2>&1; echo $?
mkdir 2>/dev/null; echo $?
