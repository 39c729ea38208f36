for i in 1 2; do
  ( continue 2>/dev/null; echo "subshell $i" )
  echo "after $i"
done
f() { break 2>/dev/null; echo "still in f"; }
for i in 1 2; do f; echo "f does not break $i"; done
