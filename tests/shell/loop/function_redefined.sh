f() { echo old; f() { echo new; }; echo "still old"; f; }
f; f
g() { unset -f g; echo "runs to its end"; }
g; g 2>/dev/null; echo $?
