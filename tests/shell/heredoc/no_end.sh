cat <<E
never ended
