x=1; unset x; echo ${x-gone}; f() { :; }; unset f; f 2>/dev/null; echo $?
a=(1 2 3); unset a[1]; echo ${a[@]}; unset a; echo ${#a[@]}
unset nosuch; echo $?
f() { local x=1; unset x; echo ${x-unset}; }; x=g; f; echo $x
