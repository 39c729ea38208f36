if true; then
	cat <<-E
		indented
	  spaces kept
	x	y
	E
	cat <<-'Q'
		$raw
	Q
fi
cat <<-E
	a\
	b
E
