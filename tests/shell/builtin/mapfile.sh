printf '%s\n' a b c d e > f
mapfile x < f; declare -p x
mapfile -t x < f; declare -p x
mapfile -t -n 2 x < f; declare -p x
mapfile -t -s 2 x < f; declare -p x
mapfile -t -O 3 y < f; declare -p y
mapfile -t -C 'echo cb' -c 2 x < f; declare -p x
mapfile -C 'echo cb' -c 1 -n 2 x < f
mapfile -t -d c x < f; declare -p x
mapfile -d '' x < <(printf 'a\0b\0'); declare -p x
readarray -t < f; echo ${MAPFILE[@]}
mapfile -u 3 x 3< f; echo ${#x[@]}
mapfile -n x y < f; echo $?
mapfile -u 33 x; echo $?
mapfile -q; echo $?
declare -A as; mapfile as < f; echo $?
mapfile 1a < f; echo $?
mapfile -t -O 2 z < f; mapfile -t z < <(echo q); declare -p z
mapfile -t a b < f; declare -p a
mapfile -n 0 -t a < f; echo ${#a[@]}
mapfile -c 0 x <f ; echo $?
