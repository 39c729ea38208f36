cat <&3 3<<E
from three
E
while read -r a <&3; do echo "a=$a"; done 3<<E
1
2
E
