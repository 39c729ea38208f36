echo $((010 + 0x1F + 2#101 + 36#z + 64#_ + 16#fF))
for e in 09 0x1g 2#2 1#1 65#1 02#1 3x 1e2; do (echo "$(( e ))") 2>/dev/null || echo "bad $e"; done
