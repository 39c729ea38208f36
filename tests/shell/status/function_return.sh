f() { return 300; }
f; echo $?
g() { false; }
g; echo $?
h() { false; return; }
h; echo $?
k() { :; }
false; k; echo $?
