if true; then
	cat <<-E
	one
		two
	  three
	E
fi
cat <<-'E'
	$x
	E
