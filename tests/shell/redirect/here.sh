cat <<E1; cat <<'E2'; cat <<-E3
a $HOME_ `echo b` $((1+1)) \$x
E1
raw $x `y`
E2
	tab
	  x
	E3
cat <<A <<B
first
A
second
B
cat 0<<X 3<<Y; cat <&3
x
X
y
Y
x=$(cat <<Q
in sub
Q
); echo "$x"
cat <<"" 
empty delim

echo after
