! { false; } && echo a
{ echo b; } && { echo c; } || echo d
! ( exit 1 ) && echo e
if ! grep -q x /dev/null; then echo f; fi
