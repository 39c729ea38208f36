q() { cat <<A; cat <<'B'
a $x
A
b
B
echo z; }
r() { if cat <<A; then
a
A
x; fi; }
s() { cat <<A | tr a b
a
A
cat <<-T && echo y
	tabs
	T
}
declare -f q r s
