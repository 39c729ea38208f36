printf '\n\t\v\f\a\b\e\\\"\z' | od -c | head -2
