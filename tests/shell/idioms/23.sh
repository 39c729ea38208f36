echo "${PATH:+path set}" "${NOPE:-${HOME:+home}}"
