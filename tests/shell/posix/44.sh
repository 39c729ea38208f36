set -o posix
function f { echo f; }; f; select x in a; do break; done < /dev/null; [[ a == a ]] && echo c; ((1)) && echo d; a=(1 2); echo ${a[1]}; echo {1..2}
