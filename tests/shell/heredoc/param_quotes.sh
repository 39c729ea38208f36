unset u; s=abc
cat <<E
${u:-"q"} ${u:-'q'} ${s/b/"B"} ${s#'a'}
${u:-$(echo "x y")}
E
