x=; echo "${x:-d}" "${x-d}" "${x:+s}" "${x+s}"; unset x; echo "${x:-d}" "${x-d}" "${x:+s}" "${x+s}"
