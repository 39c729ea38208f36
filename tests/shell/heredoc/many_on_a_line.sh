cat <<A - <<B; cat <<C
a
A
b
B
c
C
while read -r l <&3; do echo "3: $l"; done 3<<X <<Y
one
two
X
Y
