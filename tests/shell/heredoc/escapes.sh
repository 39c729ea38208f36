cat <<E
a\$b \\ \" \'
tab	end
E
cat <<'E' | wc -l
a\
b
E
cat <<E | wc -l
a\
b
E
