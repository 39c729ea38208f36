fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(( $1 - 1 ))) )); fi; }
fact 10
fib() { local n=$1; if ((n<2)); then r=$n; else fib $((n-1)); local a=$r; fib $((n-2)); r=$((a+r)); fi; }
fib 12; echo $r
count() { [ $1 -eq 0 ] && return; count $(( $1 - 1 )); }; count 50; echo done
