config() { local key=$1; shift; printf '%s: %s\n' "$key" "$*"; cat; }
config name a b <<-E
	text of ${#} arguments
	E
config "two words" <<< "string" | sed 's/^/> /'
