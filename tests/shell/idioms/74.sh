unset -v nope; unset nofunc; f() { :; }; unset -f f; type f 2>/dev/null || echo gone
