printf 'no newline\\n'; echo
