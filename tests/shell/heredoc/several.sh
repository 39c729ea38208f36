cat <<A; cat <<B
first
A
second
B
cat <<A - <<B
lost
A
kept
B
