join() { local d=$1; shift; local f=$1; shift; printf %s "$f" "${@/#/$d}"; echo; }; join , a b c
