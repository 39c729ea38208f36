[[ "$(uname)" == *inux* ]] && echo linux || echo other
